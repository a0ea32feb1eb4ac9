import { expect, test } from 'vitest'
import type { Change, Life, Watched } from '../model/told.ts'
import type { Step, Write } from '../model/write.ts'
import { judgeWatches } from './watch-promises.ts'

type Content = Record<string, string | null>

const step = (content: Content): Step => new Map(Object.entries(content))
const write = (content: Content, revision?: number): Write => ({
  step: step(content),
  invokedMs: 1,
  returnedMs: revision === undefined ? Infinity : 2,
  ...(revision !== undefined && { revision }),
})
const change = (revision: number, content: Content): Change => ({
  revision,
  step: step(content),
  modRevisions: Object.values(content).flatMap((value) => (value === null ? [] : [revision])),
  atMs: revision,
})
const life = (...changes: Change[]): Life => ({
  pages: [{ revision: 1, entries: new Map() }],
  changes,
})
const watched = (...lives: Life[]): Watched => ({ watcher: 'w', prefixes: ['r/', 'l/'], lives })

const A = write({ 'r/a': '1' }, 2)
const B = write({ 'r/a': '2', 'r/b': '3' }, 4)

test.each<[string, Watched[], Write[]]>([
  ['all that was written', [watched(life(change(2, { 'r/a': '1' })))], [A]],
  ['no more than what came before it went away', [watched(life())], [A]],
  [
    'a lost write that was done, and one that was not',
    [watched(life(change(3, { 'r/c': 'lost' })))],
    [write({ 'r/c': 'lost' }), write({ 'r/c': 'never' })],
  ],
  ['the end of a lease', [watched(life(change(3, { 'l/1': null })))], []],
  [
    'what it found when it started over',
    [
      watched(life(change(2, { 'r/a': '1' })), {
        pages: [{ revision: 5, entries: new Map([['r/a', { value: '2', modRevision: 4 }]]) }],
        changes: [],
      }),
    ],
    [A, B],
  ],
  ['nothing of what it does not watch', [watched(life())], [write({ 'a/x': '1' }, 2)]],
])('accepts %s', (_, all, writes) => {
  expect(judgeWatches(all, writes)).toEqual([])
})

const both = change(4, { 'r/a': '2', 'r/b': '3' })
const tells = (...changes: Change[]) => [watched(life(...changes))]

test.each<[string, RegExp, readonly [Watched[], Write[]]]>([
  ['an acknowledged write that is missing', /2 was told without r\/a/, [tells(both), [A, B]]],
  [
    'half of a transaction',
    /4 was told without r\/b/,
    [tells(change(2, { 'r/a': '1' }), change(4, { 'r/a': '2' })), [A, B]],
  ],
  ['a wrong order', /2 was told after 4/, [tells(both, change(2, { 'r/a': '1' })), [A, B]]],
  [
    'a revision that comes again',
    /2 was told after 2/,
    [tells(change(2, { 'r/a': '1' }), change(2, { 'r/a': '1' })), [A]],
  ],
  [
    'what nobody wrote',
    /nobody asked for r\/a = 9 at 3/,
    [tells(change(2, { 'r/a': '1' }), change(3, { 'r/a': '9' })), [A]],
  ],
  [
    'a key that nobody deleted',
    /nobody asked for r\/a = \(gone\) at 3/,
    [tells(change(2, { 'r/a': '1' }), change(3, { 'r/a': null })), [A]],
  ],
  [
    'a write at another revision',
    /r\/a = 1 at 3 was acknowledged at 2/,
    [tells(change(3, { 'r/a': '1' })), [A]],
  ],
  [
    'what is not watched',
    /a\/x was told, which is not watched/,
    [tells(change(2, { 'a/x': '1' })), [write({ 'a/x': '1' }, 2)]],
  ],
  [
    'a put of another revision',
    /3 has puts of 2 in it/,
    [tells({ ...change(3, { 'r/c': 'lost' }), modRevisions: [2] }), [write({ 'r/c': 'lost' })]],
  ],
  [
    'a change before the snapshot',
    /3 was told before there was a snapshot/,
    [[watched({ pages: [], changes: [change(3, { 'r/c': 'x' })] })], [write({ 'r/c': 'x' })]],
  ],
  [
    'a lost write of which only some are told',
    /3 was told without r\/c/,
    [
      [...tells(change(3, { 'r/c': 'lost' }), both), ...tells(both)],
      [B, write({ 'r/c': 'lost' })],
    ],
  ],
  [
    'two truths of one revision',
    /at 3 r\/c is x to some and y to others/,
    [
      [...tells(change(3, { 'r/c': 'x' })), ...tells(change(3, { 'r/c': 'y' }))],
      [write({ 'r/c': 'x' }), write({ 'r/c': 'y' })],
    ],
  ],
  [
    'a snapshot with what nobody wrote',
    /nobody asked for r\/a = 9 at 2/,
    [
      [
        watched({
          pages: [{ revision: 5, entries: new Map([['r/a', { value: '9', modRevision: 2 }]]) }],
          changes: [],
        }),
      ],
      [A],
    ],
  ],
])('refuses %s', (...[, words, [all, writes]]) => {
  const problems = judgeWatches(all, writes)
  expect(problems.filter((problem) => words.test(problem))).not.toEqual([])
})
