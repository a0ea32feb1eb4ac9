import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('a suite has its defaults', () => {
  expect(parseOptions(['instances'])).toEqual({
    suite: 'instances',
    minutes: 30,
    instances: 10_000,
    polls: 50_000,
    rounds: 200,
  })
  expect(parseOptions(['instances', '--minutes', '2', '--instances', '2000'])).toMatchObject({
    minutes: 2,
    instances: 2_000,
  })
  expect(parseOptions(['cluster']).minutes).toBe(30)
  expect(parseOptions(['catalog', '--rounds', '10', '--seed', '7'])).toMatchObject({
    rounds: 10,
    seed: 7,
  })
  expect(parseOptions(['pressure', '--polls', '5000']).polls).toBe(5_000)
})

test.each([
  [[], /Say one suite: instances, pressure, cluster/],
  [['members'], /Say one suite/],
  [['catalog', '--rounds', '0'], /--rounds is a number from 1 on/],
  [['instances', 'pressure'], /Say one suite/],
  [['instances', '--minutes', 'long'], /--minutes is a number/],
  [['instances', '--instances', '10'], /from 1000 on/],
  [['instances', '--hours', '1'], /--hours/],
])('%j is refused with a sentence', (args, sentence) => {
  expect(() => parseOptions(args)).toThrow(sentence)
})
