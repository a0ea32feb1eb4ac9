import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { inSlices, Slices } from './slices.ts'

function setUp() {
  const clock = new FakeClock()
  return { clock, slices: new Slices(clock) }
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

test('of all that pause each goes on in a turn of its own, in the order in which they came', async () => {
  const clock = new FakeClock()
  const ran: string[] = []
  const work = async (name: string) => {
    const slices = new Slices(clock)
    for (let slice = 0; slice < 2; slice += 1) {
      await slices.pause()
      ran.push(name)
    }
  }
  const turns: string[][] = []
  const look = () => {
    turns.push(ran.splice(0))
    if (turns.length < 6) clock.after(0, look)
  }
  const works = [work('a'), work('b')]
  clock.after(0, look)
  await clock.advance(0)
  await Promise.all(works)
  expect(turns).toEqual([['a'], ['b'], ['a'], ['b'], [], []])
})

test('what is done to many things gives way after ten milliseconds of it', async () => {
  let nowMs = 0
  const doneAtTurns: number[] = []
  const done: number[] = []
  const clock = {
    monotonicMs: () => nowMs,
    after: (_: number, act: () => void) => {
      doneAtTurns.push(done.length)
      queueMicrotask(act)
      return () => {}
    },
  }
  const items = Array.from({ length: 200 }, (_, at) => at)
  await inSlices(clock, items, (item) => {
    nowMs += 1
    done.push(item)
  })
  expect(doneAtTurns).toEqual([64, 128, 192])
  expect(done).toEqual(items)
})
