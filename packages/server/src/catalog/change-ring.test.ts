import { expect, test } from 'vitest'
import { ChangeRing } from './change-ring.ts'
import type { HeldKey } from './view/kv-table.ts'

function put(key: string, bytes = 1): HeldKey {
  const value = new Uint8Array(bytes)
  return { key, value, createRevision: 1, modRevision: 1, lease: 0 }
}

const revisions = (ring: ChangeRing, since: number) =>
  ring.since(since)?.map(({ revision }) => revision)

test('what came after a revision is told whole and in order, from any of them on', () => {
  const ring = new ChangeRing()
  ring.restart(10)
  for (const revision of [11, 13, 17]) ring.append({ revision, changes: [put('a')] })
  expect(revisions(ring, 10)).toEqual([11, 13, 17])
  expect(revisions(ring, 12)).toEqual([13, 17])
  expect(revisions(ring, 13)).toEqual([17])
  expect(revisions(ring, 17)).toEqual([])
  expect(revisions(ring, 9)).toBeUndefined()
})

test('with too many changes the oldest revisions go, whole', () => {
  const ring = new ChangeRing({ changes: 4, bytes: 1_000_000 })
  ring.append({ revision: 1, changes: [put('a'), put('b')] })
  ring.append({ revision: 2, changes: [put('a'), put('b')] })
  ring.append({ revision: 3, changes: [put('a')] })
  expect(revisions(ring, 0)).toBeUndefined()
  expect(revisions(ring, 1)).toEqual([2, 3])
  for (let revision = 4; revision <= 1_000; revision += 1) {
    ring.append({ revision, changes: [put('a')] })
    if (revision < 6) continue
    expect(revisions(ring, revision - 4)).toHaveLength(4)
    expect(ring.since(revision - 5)).toBeUndefined()
  }
})

test('with too many bytes the oldest revisions go, even the newest', () => {
  const ring = new ChangeRing({ changes: 100, bytes: 1_000 })
  for (const revision of [1, 2, 3]) ring.append({ revision, changes: [put('a', 400)] })
  expect(revisions(ring, 0)).toBeUndefined()
  expect(revisions(ring, 1)).toEqual([2, 3])
  ring.append({ revision: 4, changes: [put('a', 2_000)] })
  expect(ring.since(3)).toBeUndefined()
  expect(revisions(ring, 4)).toEqual([])
})

test('after a restart nothing that was before is known', () => {
  const ring = new ChangeRing()
  ring.append({ revision: 1, changes: [put('a')] })
  ring.restart(5)
  expect(ring.since(1)).toBeUndefined()
  expect(ring.since(5)).toEqual([])
})
