import { expect, test } from 'vitest'
import { Gathering } from './gathering.ts'

function setUp({ msPerTurn = 0 } = {}) {
  let [nowMs, turns] = [0, 0]
  const clock = {
    monotonicMs: () => nowMs,
    after: (_: number, act: () => void) => {
      turns += 1
      nowMs += msPerTurn
      queueMicrotask(act)
      return () => {}
    },
  }
  const gathering = new Gathering(clock)
  /** Answers after how many turns a group goes, when one waits and so many come with each turn. */
  const turnsOfGroup = async (arrives: number) => {
    turns = 0
    await gathering.gather(() => 1 + (turns - 1) * arrives)
    return turns
  }
  return { gathering, turnsOfGroup }
}

test('whoever asks alone waits for one turn of the event loop', async () => {
  const { gathering, turnsOfGroup } = setUp()
  expect(await turnsOfGroup(0)).toBe(1)
  gathering.ended(1, 0, 2)
  expect(gathering.isOfMany).toBe(false)
  expect(await turnsOfGroup(0)).toBe(1)
})

test('after a group of many the next one waits for nearly all of them, and those who wait', async () => {
  const { gathering, turnsOfGroup } = setUp({ msPerTurn: 0.01 })
  gathering.ended(20, 6, 2)
  expect(gathering.isOfMany).toBe(true)
  expect(await turnsOfGroup(1)).toBe(24)
})

test('those who do not come back are waited for as long as their group took, and 3 ms at most', async () => {
  for (const [tookMs, turns] of [
    [1, 4],
    [100, 12],
  ] as const) {
    const { gathering, turnsOfGroup } = setUp({ msPerTurn: 0.25 })
    gathering.ended(32, 0, tookMs)
    expect(await turnsOfGroup(0)).toBe(turns)
  }
})

test('a wait in vain is not repeated for sixteen groups', async () => {
  const { gathering, turnsOfGroup } = setUp({ msPerTurn: 0.25 })
  const turns: number[] = []
  for (let group = 0; group < 18; group += 1) {
    gathering.ended(32, 0, 1)
    turns.push(await turnsOfGroup(0))
  }
  expect(turns).toEqual([4, ...Array.from({ length: 15 }, () => 1), 4, 1])
})

test('a clock that stands still ends the wait too', async () => {
  const { gathering, turnsOfGroup } = setUp()
  gathering.ended(32, 0, 1)
  expect(await turnsOfGroup(0)).toBe(100)
})
