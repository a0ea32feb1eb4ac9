import { expect, test } from 'vitest'
import { judgeRevisions } from './revisions.ts'

const at = (revision: number, invokedMs: number, returnedMs: number) => ({
  revision,
  invokedMs,
  returnedMs,
  step: new Map<string, string | null>(),
})

test('accepts writes at once in any order, and writes that share a revision', () => {
  expect(judgeRevisions([at(5, 1, 9), at(4, 2, 8), at(5, 3, 9)], [at(3, 4, 7)])).toEqual([])
})

test('knows nothing of a write whose outcome is unknown', () => {
  const { revision: _, ...lost } = at(9, 1, Infinity)
  expect(judgeRevisions([lost, at(2, 3, 4)], [])).toEqual([])
})

test('refuses a later write with no greater revision', () => {
  expect(judgeRevisions([at(5, 1, 2), at(5, 3, 4)], [])).toHaveLength(1)
})

test('refuses a linearizable read that does not see what was answered before it', () => {
  expect(judgeRevisions([at(5, 1, 2)], [at(4, 3, 4)])).toHaveLength(1)
  expect(judgeRevisions([at(5, 1, 2)], [at(5, 3, 4)])).toEqual([])
})
