import { describe, expect, test } from 'vitest'
import type { Namespace, NamespaceChange } from '../../catalog/index.ts'
import { PathSet } from './path-set.ts'

function namespaceAt(path: string): Namespace {
  const name = path.split('/').at(-1) ?? ''
  return { id: path, path, name, kind: 'leaf', match: undefined, comment: '', revision: 1 }
}
const created = (path: string): NamespaceChange => ({
  kind: 'created',
  namespace: namespaceAt(path),
})
const deleted = (path: string): NamespaceChange => ({ kind: 'deleted', path, id: path })
const moved = (path: string, to: string): NamespaceChange => ({
  kind: 'moved',
  path,
  namespace: namespaceAt(to),
})

/** What is told of changes: where they were, `moved_in`, or nothing. */
function told(paths: readonly string[], ...changes: NamespaceChange[]): unknown {
  const ours = new PathSet(paths).of({ revision: 1, changes })
  if (ours === undefined || ours === 'moved_in') return ours
  return ours.changes.map((change) => ('path' in change ? change.path : change.namespace.path))
}

test('paths below another of them are part of that', () => {
  const set = new PathSet(['b', 'a/x', 'a', 'ab', 'b'])
  expect(set.paths).toEqual(['a', 'ab', 'b'])
  expect(set.text).toBe(new PathSet(['ab', 'b', 'a']).text)
  expect(new PathSet(['a', '']).paths).toEqual([''])
})

test('what happens at a path or below is told, and nothing beside it', () => {
  const changes = ['a', 'a/b', 'ab', 'b', ''].map(created)
  expect(told(['a'], ...changes)).toEqual(['a', 'a/b'])
  expect(told([''], ...changes)).toHaveLength(5)
  expect(told(['a'], deleted('a/b'), deleted('c'))).toEqual(['a/b'])
  expect(told(['x'], ...changes)).toBeUndefined()
})

describe('a move', () => {
  test.each([
    ['within what is watched', ['a'], moved('a/x', 'a/y'), ['a/x']],
    ['of just what is watched, to another name', ['a'], moved('a', 'b'), ['a']],
    ['out of it', ['a'], moved('a/x', 'b/x'), ['a/x']],
    ['of what is above it', ['a/b'], moved('a', 'c'), ['a']],
    ['from one watched path to another', ['a', 'b'], moved('a/x', 'b/x'), 'moved_in'],
    ['elsewhere', ['a'], moved('b', 'c'), undefined],
    ['into it', ['a'], moved('b/x', 'a/x'), 'moved_in'],
    ['to just what is watched', ['a'], moved('b', 'a'), 'moved_in'],
    ['to above it', ['a/b'], moved('c', 'a'), 'moved_in'],
    ['into one of several', ['a', 'b'], moved('c', 'b/c'), 'moved_in'],
  ])('%s', (...[, paths, change, expected]) => {
    expect(told(paths, change)).toEqual(expected)
  })
})
