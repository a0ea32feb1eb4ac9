import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endedRecord, liveRecord, looseEntry, WALL_MS } from '../testing/replication-harness.ts'
import { bucketOf, BUCKETS, Digest, recordHash } from './digest.ts'
import type { Entry } from './entry.ts'
import type { InstanceRecord } from './record.ts'

const IDS = 12
const NOW_MS = 60_000

/** Few records, so that one comes back after others. */
const record: fc.Arbitrary<InstanceRecord> = fc.oneof(
  fc.nat(3).map((ms) => liveRecord({ verMs: WALL_MS + ms })),
  fc.nat(3).map((ms) => endedRecord('cancelled', { verMs: WALL_MS + ms })),
)
const step = fc.record({
  op: fc.constantFrom('add', 'remove', 'change'),
  at: fc.nat(IDS - 1),
  record,
})

function digestOf(entries: readonly Entry[]): Digest {
  const digest = new Digest()
  for (const { id, record } of entries) digest.add(looseEntry(id, record), NOW_MS)
  return digest
}

/** A table of as many entries. */
const table = fc
  .array(fc.tuple(fc.nat(400), record), { maxLength: 60, size: 'max' })
  .map((rows) => {
    return [...new Map(rows)].map(([at, one]) => looseEntry(`i${at}`, one))
  })

test('the sums after any sequence of changes are those of a recount', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const digest = new Digest()
      const entries = Array.from({ length: IDS }, (_, at) => looseEntry(`i${at}`, liveRecord()))
      for (const { op, at, record } of steps) {
        const entry = entries[at]
        if (!entry) continue
        if (op === 'add') digest.add(entry, NOW_MS)
        else if (op === 'remove') digest.remove(entry, NOW_MS)
        else {
          const before = entry.record
          entry.record = record
          digest.replace(entry, before, NOW_MS)
        }
      }
      const held = entries.filter(({ inDigest }) => inDigest)
      const recounted = digestOf(held)
      expect(digest.root).toEqual(recounted.root)
      expect(digest.differing(recounted.sums(BUCKETS), 0, NOW_MS)).toEqual([])
      expect(digest.records).toBe(held.length)
      for (let bucket = 0; bucket < 64; bucket += 1) {
        const inBucket = held.filter((entry) => bucketOf(entry, 64) === bucket)
        expect(new Set(digest.entries(bucket, 64))).toEqual(new Set(inBucket))
      }
    }),
    { numRuns: 60 },
  )
})

test('equal tables have equal roots, whatever the order in which they came to be', () => {
  const orders = table.chain((entries) =>
    fc.tuple(
      fc.constant(entries),
      fc.shuffledSubarray(entries, { minLength: entries.length, maxLength: entries.length }),
    ),
  )
  fc.assert(
    fc.property(orders, ([one, other]) => {
      expect(digestOf(one).root).toEqual(digestOf(other).root)
      expect(digestOf(one).differing(digestOf(other).sums(1_024), 0, NOW_MS)).toEqual([])
    }),
    { numRuns: 30 },
  )
})

test('folded sums are the sums of what is in each of fewer buckets', () => {
  const powers = fc.integer({ min: 0, max: 14 }).map((power) => 2 ** power)
  fc.assert(
    fc.property(table, powers, (entries, buckets) => {
      const expected = new Uint32Array(2 * buckets)
      for (const entry of entries) {
        recordHash(entry).forEach((lane, at) => {
          const into = 2 * bucketOf(entry, buckets) + at
          expected[into] = ((expected[into] ?? 0) + lane) % 2 ** 32
        })
      }
      expect(digestOf(entries).sums(buckets)).toEqual(expected)
    }),
    { numRuns: 30 },
  )
})

test('exactly the buckets differ in which something differs', () => {
  fc.assert(
    fc.property(table, table, fc.constantFrom(64, 1_024, BUCKETS), (ours, theirs, buckets) => {
      const hashesOf = (entries: readonly Entry[]) =>
        new Map(entries.map((entry) => [entry.id, recordHash(entry).join()]))
      const [left, right] = [hashesOf(ours), hashesOf(theirs)]
      const differing = [...ours, ...theirs]
        .filter(({ id }) => left.get(id) !== right.get(id))
        .map((entry) => bucketOf(entry, buckets))
      const found = digestOf(ours).differing(digestOf(theirs).sums(buckets), 0, NOW_MS)
      expect(found).toEqual([...new Set(differing)].toSorted((one, other) => one - other))
    }),
    { numRuns: 30 },
  )
})
