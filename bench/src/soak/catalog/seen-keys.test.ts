import { expect, test } from 'vitest'
import { SeenKeys } from './seen-keys.ts'

function setUp() {
  const surprises: string[] = []
  const seen = new SeenKeys((text) => surprises.push(text))
  const put = (key: string, revision: number) => {
    seen.change({
      revision,
      puts: [{ key, valueBase64: '', modRevision: revision }],
      deletes: [],
    })
  }
  const snapshot = (revision: number, keys: readonly string[] = [], more = false) => {
    const entries = keys.map((key) => ({ key, modRevision: 1, createRevision: 1 }))
    seen.snapshot({ revision, prefix: '', entries, more })
  }
  return { seen, surprises, put, snapshot }
}

test('follows a snapshot and what came after it', () => {
  const { seen, surprises, put, snapshot } = setUp()
  snapshot(5, ['a'], true)
  expect(seen.revision).toBe(0)
  snapshot(5, ['b'])
  put('c', 6)
  seen.change({ revision: 8, puts: [], deletes: ['a'] })

  expect([...seen.keys]).toEqual([
    ['b', 1],
    ['c', 6],
  ])
  expect(seen.revision).toBe(8)
  expect(surprises).toEqual([])
})

test('misses what was left out, but not what a snapshot covers', () => {
  const { seen, put, snapshot } = setUp()
  snapshot(5)
  put('a', 6)
  put('a', 8)
  expect(seen.missing([4, 5, 6, 7, 8])).toEqual([7])
  seen.startOver()
  snapshot(9)
  expect(seen.missing([6, 7, 8])).toEqual([])
})

test('is surprised by what comes twice, backwards, or under another revision', () => {
  const { seen, surprises, put, snapshot } = setUp()
  snapshot(5)
  put('a', 6)
  put('a', 6)
  put('a', 4)
  seen.change({ revision: 9, puts: [{ key: 'a', valueBase64: '', modRevision: 7 }], deletes: [] })
  expect(surprises).toHaveLength(3)
})

test('is surprised by a snapshot that was not announced', () => {
  const { surprises, snapshot } = setUp()
  snapshot(5)
  snapshot(6)
  expect(surprises).toHaveLength(1)
})

test('begins anew after a look', () => {
  const { seen, put, snapshot } = setUp()
  snapshot(1)
  put('a', 2)
  seen.forget()
  put('a', 4)
  expect(seen.missing([2, 3, 4])).toEqual([3])
})
