import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Gathering } from './gathering.ts'

function setUp() {
  const clock = new FakeClock()
  let waiting = 0
  const gathering = new Gathering(clock, () => waiting)
  return {
    clock,
    gathering,
    come: (count: number) => {
      for (let one = 0; one < count; one += 1) {
        waiting += 1
        gathering.came()
      }
    },
    /** Begins to gather; what it answers tells whether the group has gone, and how large. */
    begin: () => {
      let size: number | undefined
      void gathering.gather().then(() => {
        size = waiting
        waiting = 0
      })
      return () => size
    },
  }
}

test('whoever asks alone waits for one turn of the event loop', async () => {
  const { clock, gathering, come, begin } = setUp()
  for (let group = 0; group < 3; group += 1) {
    come(1)
    const size = begin()
    expect(size()).toBeUndefined()
    await clock.advance(0)
    expect(size()).toBe(1)
    gathering.ended(1, 5)
    expect(gathering.isOfMany).toBe(false)
  }
})

test('after a group of many the next one waits for nearly all of them, and those who wait', async () => {
  const { clock, gathering, come, begin } = setUp()
  come(6)
  gathering.ended(20, 5)
  expect(gathering.isOfMany).toBe(true)
  const size = begin()
  await clock.advance(1)
  come(17)
  await clock.advance(1)
  expect(size()).toBeUndefined()
  come(1)
  await clock.advance(0)
  expect(size()).toBe(24)
})

test('those who do not come back are waited for as long as their group took, and 10 ms at most', async () => {
  for (const [tookMs, waitedMs] of [
    [2, 2],
    [100, 10],
  ] as const) {
    const { clock, gathering, come, begin } = setUp()
    gathering.ended(32, tookMs)
    come(1)
    const size = begin()
    await clock.advance(waitedMs - 1)
    expect(size()).toBeUndefined()
    await clock.advance(1)
    expect(size()).toBe(1)
  }
})

test('a wait in vain is not repeated for sixteen groups', async () => {
  const { clock, gathering, come, begin } = setUp()
  const hasWaited: boolean[] = []
  for (let group = 0; group < 18; group += 1) {
    gathering.ended(32, 2)
    come(1)
    const size = begin()
    await clock.advance(0)
    hasWaited.push(size() === undefined)
    await clock.advance(2)
  }
  const skipped = Array.from({ length: 15 }, () => false)
  expect(hasWaited).toEqual([true, ...skipped, true, false])
})
