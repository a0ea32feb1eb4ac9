import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { SharedQuestion } from './shared-question.ts'

function setUp() {
  const clock = new FakeClock()
  const asked: { resolve: (answer: number) => void; reject: (error: Error) => void }[] = []
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      asked.push({ resolve, reject })
    })
  const shared = new SharedQuestion(ask, clock)
  /** Lets the event loop turn, and all follow that has been answered. */
  const turn = () => clock.advance(0)
  return { asked, shared, turn }
}

test('who comes while an answer is on its way gets the next one, with all who came meanwhile', async () => {
  const { asked, shared, turn } = setUp()
  const first = shared.ask()
  const [second, third] = [shared.ask(), shared.ask()]
  expect(asked).toHaveLength(1)
  asked[0]?.resolve(1)
  expect(await first).toBe(1)
  await turn()
  expect(asked).toHaveLength(2)
  const fourth = shared.ask()
  asked[1]?.resolve(2)
  expect(await Promise.all([second, third])).toEqual([2, 2])
  await turn()
  asked[2]?.resolve(3)
  expect(await fourth).toBe(3)
  expect(asked).toHaveLength(3)
})

test('those who shared an answer and come back one after the other share the next one', async () => {
  const { asked, shared, turn } = setUp()
  const before = [shared.ask(), shared.ask(), shared.ask()]
  asked[0]?.resolve(1)
  expect(await before[0]).toBe(1)
  await turn()
  asked[1]?.resolve(2)
  expect(await Promise.all(before)).toEqual([1, 2, 2])
  const after = [shared.ask()]
  expect(asked).toHaveLength(2)
  after.push(shared.ask())
  await turn()
  expect(asked).toHaveLength(3)
  asked[2]?.resolve(3)
  expect(await Promise.all(after)).toEqual([3, 3])
})

test('who comes after the answer asks anew', async () => {
  const { asked, shared } = setUp()
  for (const round of [1, 2, 3]) {
    const answer = shared.ask()
    expect(asked).toHaveLength(round)
    asked[round - 1]?.resolve(round)
    expect(await answer).toBe(round)
  }
})

test('a failure is told to those who wait, and the next is asked anew', async () => {
  const { asked, shared } = setUp()
  const first = shared.ask()
  const answers = [first, shared.ask()]
  asked[0]?.reject(new Error('no majority'))
  for (const answer of answers) await expect(answer).rejects.toThrow('no majority')
  const again = shared.ask()
  expect(asked).toHaveLength(2)
  asked[1]?.resolve(7)
  expect(await again).toBe(7)
})
