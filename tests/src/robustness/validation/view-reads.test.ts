import { expect, test } from 'vitest'
import type { ViewRead } from '../model/view-read.ts'
import type { Write } from '../model/write.ts'
import { judgeViewReads } from './view-reads.ts'

const read = (node: number, revision: number, entries: Record<string, number> = {}): ViewRead => ({
  node,
  revision,
  invokedMs: 1,
  returnedMs: 2,
  entries: new Map(Object.entries(entries)),
})
const write = (key: string, revision: number): Write => ({
  step: new Map([[key, 'x']]),
  invokedMs: 1,
  returnedMs: 2,
  revision,
})

test('accepts reads that are old, and nodes that differ', () => {
  const reads = [
    read(0, 5, { a: 3 }),
    read(1, 4, { a: 3 }),
    read(0, 5, { a: 3 }),
    read(1, 9, { a: 7 }),
  ]
  expect(judgeViewReads(reads, [write('a', 3), write('a', 7)])).toEqual([])
})

test.each<[string, RegExp, ViewRead[]]>([
  ['a node that goes back', /back to 4/, [read(0, 5), read(0, 4)]],
  ['a revision that lacks a write', /without 7/, [read(0, 8, { a: 3 })]],
  ['a key from the future', /a of 7 at 6/, [read(0, 6, { a: 7 })]],
])('refuses %s', (...[, words, reads]) => {
  const problems = judgeViewReads(reads, [write('a', 3), write('a', 7)])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(words)
})
