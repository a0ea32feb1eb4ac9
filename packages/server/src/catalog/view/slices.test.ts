import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Slices } from './slices.ts'

function setUp() {
  const clock = new FakeClock()
  return { clock, slices: new Slices(clock, new AbortController().signal) }
}

test('a slice is over after ten milliseconds, as soon as there is a look at the clock', async () => {
  const { clock, slices } = setUp()
  expect(slices.isOver(1_000)).toBe(false)
  clock.stall(10)
  expect(slices.isOver(63)).toBe(false)
  expect(slices.isOver()).toBe(true)

  const paused = slices.pause()
  await clock.advance(0)
  await paused
  expect(slices.isOver(1_000)).toBe(false)
})

test('a revision with many changes counts as all of them', () => {
  const { clock, slices } = setUp()
  clock.stall(10)
  expect(slices.isOver(4_000)).toBe(true)
})
