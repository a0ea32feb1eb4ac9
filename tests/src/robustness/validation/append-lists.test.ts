import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Call } from '../model/call.ts'
import type { ListOperation } from '../model/transaction.ts'
import { judgeAppends } from './append-lists.ts'

type Found = Record<string, string[]>

const NEVER = Infinity
const lists = (found: Found) => new Map(Object.entries(found))
const call = (operation: ListOperation, invokedMs: number, returnedMs: number) => ({
  client: 'c',
  operation,
  invokedMs,
  returnedMs,
})
const append = (element: string, ...to: string[]): ListOperation => ({
  kind: 'append',
  element,
  lists: to,
})
const read = (found: Found): ListOperation => ({ kind: 'read', found: lists(found) })

test.each<[string, Call<ListOperation>[], Found]>([
  [
    'appends to several lists, and a read of all',
    [call(append('a', 'x', 'y'), 1, 2), call(read({ x: ['a'], y: ['a'] }), 3, 4)],
    { x: ['a'], y: ['a'] },
  ],
  ['a lost append that was never done', [call(append('a', 'x', 'y'), 1, NEVER)], { x: [], y: [] }],
  [
    'a lost append that was done late',
    [
      call(append('a', 'x'), 1, NEVER),
      call(append('b', 'x'), 2, 3),
      call(read({ x: ['b'] }), 4, 5),
    ],
    { x: ['b', 'a'] },
  ],
])('accepts %s', (_, calls, last) => {
  expect(judgeAppends(calls, lists(last))).toEqual([])
})

test.each<[string, RegExp, Call<ListOperation>[], Found]>([
  ['an append that is lost', /acknowledged/, [call(append('a', 'x'), 1, 2)], { x: [] }],
  ['an append that was done twice', /2 times/, [call(append('a', 'x'), 1, 2)], { x: ['a', 'a'] }],
  [
    'half a transaction',
    /asked for as one/,
    [call(append('a', 'x', 'y'), 1, NEVER)],
    { x: ['a'], y: [] },
  ],
  ['what nobody appended', /nobody appended/, [], { x: ['a'] }],
  [
    'a read of what was taken back',
    /was read as/,
    [
      call(append('a', 'x'), 1, NEVER),
      call(append('b', 'x'), 2, 3),
      call(read({ x: ['a'] }), 4, 5),
    ],
    { x: ['b'] },
  ],
  [
    'a read of half a transaction',
    /before the next/,
    [call(append('a', 'x', 'y'), 1, 9), call(read({ x: ['a'], y: [] }), 2, 3)],
    { x: ['a'], y: ['a'] },
  ],
  [
    'two lists with two orders',
    /before the next/,
    [call(append('a', 'x', 'y'), 1, 9), call(append('b', 'x', 'y'), 1, 9)],
    { x: ['a', 'b'], y: ['b', 'a'] },
  ],
  [
    'a stale read',
    /before the next/,
    [call(append('a', 'x'), 1, 2), call(read({ x: [] }), 3, 4)],
    { x: ['a'] },
  ],
  [
    'an order that is not that of time',
    /before the next/,
    [call(append('a', 'x'), 1, 2), call(append('b', 'x'), 3, 4)],
    { x: ['b', 'a'] },
  ],
  [
    'two readers that see two appends in two orders',
    /before the next/,
    [
      call(append('a', 'x'), 1, 9),
      call(append('b', 'y'), 1, 9),
      call(read({ x: ['a'], y: [] }), 2, 8),
      call(read({ x: [], y: ['b'] }), 2, 8),
    ],
    { x: ['a'], y: ['b'] },
  ],
])('refuses %s', (...[, words, calls, last]) => {
  const problems = judgeAppends(calls, lists(last))
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(words)
})

const NAMES = ['x', 'y', 'z']
const asked = fc.record({
  isRead: fc.boolean(),
  lists: fc.subarray(NAMES, { minLength: 1 }),
  beforeMs: fc.double({ min: 0, max: 5, noNaN: true }),
  afterMs: fc.double({ min: 0, max: 5, noNaN: true }),
  fate: fc.constantFrom('known', 'known', 'known', 'lost', 'never'),
})

test('accepts whatever lists answer that are changed one after the other', () => {
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 60 }), (requests) => {
      const held = new Map(NAMES.map((name) => [name, [] as string[]]))
      const calls = requests.map((one, at) => {
        const isDone = one.isRead || one.fate !== 'never'
        if (!one.isRead && isDone) for (const name of one.lists) held.get(name)?.push(String(at))
        const operation: ListOperation = one.isRead
          ? {
              kind: 'read',
              found: new Map(one.lists.map((name) => [name, [...(held.get(name) ?? [])]])),
            }
          : append(String(at), ...one.lists)
        const isLost = !one.isRead && one.fate !== 'known'
        return call(operation, at - one.beforeMs, isLost ? NEVER : at + one.afterMs)
      })
      expect(judgeAppends(calls, held)).toEqual([])
    }),
  )
})
