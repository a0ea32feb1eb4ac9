import { expect, test } from 'vitest'
import { SharedQuestion } from './shared-question.ts'

function setUp() {
  const asked: { resolve: (answer: number) => void; reject: (error: Error) => void }[] = []
  const shared = new SharedQuestion(
    () =>
      new Promise<number>((resolve, reject) => {
        asked.push({ resolve, reject })
      }),
  )
  return { asked, shared }
}

test('who comes while an answer is on its way gets the next one, with all who came meanwhile', async () => {
  const { asked, shared } = setUp()
  const first = shared.ask()
  const [second, third] = [shared.ask(), shared.ask()]
  expect(asked).toHaveLength(1)
  asked[0]?.resolve(1)
  expect(await first).toBe(1)
  await settled()
  expect(asked).toHaveLength(2)
  const fourth = shared.ask()
  asked[1]?.resolve(2)
  expect(await Promise.all([second, third])).toEqual([2, 2])
  await settled()
  asked[2]?.resolve(3)
  expect(await fourth).toBe(3)
  expect(asked).toHaveLength(3)
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
  const answers = [shared.ask(), shared.ask()]
  asked[0]?.reject(new Error('no majority'))
  for (const answer of answers) await expect(answer).rejects.toThrow('no majority')
  const again = shared.ask()
  expect(asked).toHaveLength(2)
  asked[1]?.resolve(7)
  expect(await again).toBe(7)
})

/** Everything that follows from what has been answered. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}
