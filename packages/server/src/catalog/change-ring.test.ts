import { expect, test } from 'vitest'
import { ChangeRing } from './change-ring.ts'

const put = (key: string, bytes = 1) => key.padEnd(key.length + bytes, '.')

const ringOf = (limits?: { changes: number; bytes: number }) =>
  new ChangeRing<string>((change) => change.length, limits)

const revisions = (ring: ChangeRing<string>, since: number) =>
  ring.since(since)?.map(({ revision }) => revision)

test('what came after a revision is told whole and in order, from any of them on', () => {
  const ring = ringOf()
  ring.restart(10)
  for (const revision of [11, 13, 17]) ring.append({ revision, changes: [put('a')] })
  expect(revisions(ring, 10)).toEqual([11, 13, 17])
  expect(revisions(ring, 12)).toEqual([13, 17])
  expect(revisions(ring, 13)).toEqual([17])
  expect(revisions(ring, 17)).toEqual([])
  expect(revisions(ring, 9)).toBeUndefined()
})

test('with too many changes the oldest revisions go, whole', () => {
  const ring = ringOf({ changes: 4, bytes: 1_000_000 })
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
  const ring = ringOf({ changes: 100, bytes: 1_000 })
  for (const revision of [1, 2, 3]) ring.append({ revision, changes: [put('a', 400)] })
  expect(revisions(ring, 0)).toBeUndefined()
  expect(revisions(ring, 1)).toEqual([2, 3])
  ring.append({ revision: 4, changes: [put('a', 2_000)] })
  expect(ring.since(3)).toBeUndefined()
  expect(revisions(ring, 4)).toEqual([])
})

test('after a restart nothing that was before is known', () => {
  const ring = ringOf()
  ring.append({ revision: 1, changes: [put('a')] })
  ring.restart(5)
  expect(ring.since(1)).toBeUndefined()
  expect(ring.since(5)).toEqual([])
})
