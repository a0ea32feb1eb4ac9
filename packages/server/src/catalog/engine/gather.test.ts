import { expect, test } from 'vitest'
import { gather } from './gather.ts'

/** Gathers with one more waiting after each turn, and answers after how many turns it went on. */
async function turnsFor({
  lastSize,
  arrives = 1,
  msPerTurn = 0,
}: {
  readonly lastSize: number
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
  await gather(clock, () => waiting, lastSize)
  return turns
}

test('whoever writes alone waits for one turn of the event loop', async () => {
  expect(await turnsFor({ lastSize: 0 })).toBe(1)
  expect(await turnsFor({ lastSize: 1 })).toBe(1)
})

test('after a group of many the next one waits until most of them are back', async () => {
  expect(await turnsFor({ lastSize: 32 })).toBe(24)
})

test('those who do not come back are waited for no longer than a millisecond', async () => {
  expect(await turnsFor({ lastSize: 32, arrives: 0, msPerTurn: 0.25 })).toBe(4)
})

test('a clock that stands still ends the wait too', async () => {
  expect(await turnsFor({ lastSize: 32, arrives: 0 })).toBe(100)
})
