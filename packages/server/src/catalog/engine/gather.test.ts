import { expect, test } from 'vitest'
import { gather } from './gather.ts'

/** Gathers with one more waiting after each turn, and answers after how many turns it went on. */
async function turnsFor({
  enough,
  arrives = 1,
  msPerTurn = 0,
}: {
  readonly enough: number
  readonly arrives?: number
  readonly msPerTurn?: number
}): Promise<number> {
  let [nowMs, turns, waiting] = [0, 0, 1]
  const clock = {
    monotonicMs: () => nowMs,
    after: (_: number, act: () => void) => {
      turns += 1
      nowMs += msPerTurn
      if (turns > 1) waiting += arrives
      queueMicrotask(act)
      return () => {}
    },
  }
  await gather(clock, () => waiting, { enough, mostMs: 1 })
  return turns
}

test('whoever writes alone waits for one turn of the event loop', async () => {
  expect(await turnsFor({ enough: 0 })).toBe(1)
  expect(await turnsFor({ enough: 1 })).toBe(1)
})

test('a group waits until as many are there as were expected', async () => {
  expect(await turnsFor({ enough: 24 })).toBe(24)
})

test('those who do not come back are waited for no longer than was said', async () => {
  expect(await turnsFor({ enough: 24, arrives: 0, msPerTurn: 0.25 })).toBe(4)
})

test('a clock that stands still ends the wait too', async () => {
  expect(await turnsFor({ enough: 24, arrives: 0 })).toBe(100)
})
