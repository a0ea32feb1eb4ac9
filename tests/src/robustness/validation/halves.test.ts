import { expect, test } from 'vitest'
import type { Call } from '../model/call.ts'
import type { HalvesOperation } from '../model/halves.ts'
import { judgeHalves } from './halves.ts'

const call = (operation: HalvesOperation, invokedMs: number, returnedMs: number) => ({
  client: 'c',
  operation,
  invokedMs,
  returnedMs,
})
const add = (element: string): HalvesOperation => ({ kind: 'add', element })
const read = (left: string, right = left): HalvesOperation => ({
  kind: 'read',
  left: new Set(left),
  right: new Set(right),
})

test.each<[string, Call<HalvesOperation>[]]>([
  ['what was added', [call(add('a'), 1, 2), call(read('a'), 3, 4)]],
  [
    'an add under way that one sees and another does not',
    [call(add('a'), 1, 9), call(read('a'), 2, 5), call(read(''), 2, 5)],
  ],
  [
    'a lost add that is done late',
    [call(add('a'), 1, Infinity), call(read(''), 2, 3), call(read('a'), 4, 5)],
  ],
])('accepts %s', (_, calls) => {
  expect(judgeHalves(calls)).toEqual([])
})

test.each<[string, RegExp, Call<HalvesOperation>[]]>([
  [
    'half of a transaction',
    /a was in one half only/,
    [call(add('a'), 1, Infinity), call(read('a', ''), 2, 3)],
  ],
  [
    'the other half',
    /a was in one half only/,
    [call(add('a'), 1, Infinity), call(read('', 'a'), 2, 3)],
  ],
  ['an acknowledged add that is lost', /a was gone/, [call(add('a'), 1, 2), call(read(''), 3, 4)]],
  [
    'an element that was seen and is gone',
    /a was gone/,
    [call(add('a'), 1, Infinity), call(read('a'), 2, 3), call(read(''), 4, 5)],
  ],
  ['what nobody added', /nobody had added b/, [call(read('b'), 3, 4)]],
  ['what was added later', /nobody had added a/, [call(read('a'), 1, 2), call(add('a'), 3, 4)]],
])('refuses %s', (...[, words, calls]) => {
  const problems = judgeHalves(calls)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(words)
})
