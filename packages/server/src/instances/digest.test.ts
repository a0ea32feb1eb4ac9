import { expect, test } from 'vitest'
import { setUpPlane } from '../testing/index.ts'
import {
  endedRecord,
  HOME,
  keyOfId,
  liveRecord,
  looseEntry,
  neighboursOf,
  WALL_MS,
} from '../testing/replication-harness.ts'
import { HORIZON_MS, QUIET_MS } from './constants.ts'
import { bucketOf, Digest, recordHash } from './digest.ts'
import type { InstanceRecord } from './record.ts'
import { receive } from './replication/receive.ts'

const hash = (record: InstanceRecord, id = 'a') => recordHash(looseEntry(id, record)).join()
const WAY = { isNews: false, isBooting: false, handOver() {} }

test('every stamp and mark of a record counts, also who wrote it', () => {
  const override = { over: { at: 1, by: HOME }, value: 'down' as const }
  const records: InstanceRecord[] = [
    liveRecord(),
    liveRecord({ genMs: WALL_MS + 1 }),
    liveRecord({ verMs: WALL_MS + 1 }),
    liveRecord({ cverMs: WALL_MS + 1 }),
    liveRecord({ by: { node: 'n3', inc: 1 } }),
    liveRecord({ by: { node: 'n2', inc: 2 } }),
    endedRecord('cancelled'),
    endedRecord('evicted'),
    { ...liveRecord(), override },
    { ...liveRecord(), override: { ...override, over: { at: 2, by: HOME } } },
    { ...liveRecord(), content: null },
  ]
  const hashes = new Set(records.map((record) => hash(record)))
  expect(hashes.size).toBe(records.length)
  expect(hash(liveRecord(), 'b')).not.toBe(hash(liveRecord()))
  expect(hash(structuredClone(liveRecord()))).toBe(hash(liveRecord()))
})

test.each(['cancelled', 'evicted'] as const)(
  'a tombstone (%s) has one hash whatever is remembered of what it was',
  (how) => {
    const ended = endedRecord(how)
    expect(hash({ ...ended, content: null })).toBe(hash(ended))
    expect(hash(endedRecord(how, { cverMs: WALL_MS + 5 }))).toBe(hash(ended))
    expect(hash(endedRecord(how, {}, WALL_MS + 700))).toBe(hash(ended))
  },
)

test('a bucket rests when nothing of it changed for so long', () => {
  const digest = new Digest()
  const entry = looseEntry('a', liveRecord())
  digest.add(entry, 20_000)
  const rested = (nowMs: number) =>
    digest.hasRested(bucketOf(entry, 64), { buckets: 64, restingMs: 5_000, nowMs })
  expect(rested(24_900)).toBe(false)
  expect(rested(25_000)).toBe(true)
  const nothing = new Uint32Array(128)
  expect(digest.differing(nothing, 5_000, 24_900)).toEqual([])
  expect(digest.differing(nothing, 5_000, 25_000)).toEqual([bucketOf(entry, 64)])
  expect(digest.differing(nothing, 0, 20_000)).toEqual([bucketOf(entry, 64)])
  digest.remove(entry, 30_000)
  expect(rested(34_900)).toBe(false)
})

test('as many buckets are sent as leave about 16 records in each', () => {
  const digest = new Digest()
  expect(digest.worthwhile).toBe(64)
  digest.records = 64 * 16 + 1
  expect(digest.worthwhile).toBe(128)
  digest.records = 1_000_000
  expect(digest.worthwhile).toBe(16_384)
})

test('a tombstone leaves the digest before it is forgotten', () => {
  const it = setUpPlane()
  it.register()
  it.plane.cancel(it.ref())
  expect(it.plane.core.digest.records).toBe(1)
  it.run(HORIZON_MS - QUIET_MS + 2_000)
  expect(it.plane.core.digest.root).toEqual([0, 0])
  expect(it.entry()).toBeDefined()
  it.run(QUIET_MS)
  expect(it.entry()).toBeUndefined()
})

test('a tombstone that comes late in its life is not taken into the digest', () => {
  const it = setUpPlane()
  const tombAtMs = WALL_MS - HORIZON_MS + QUIET_MS - 1_000
  const record = endedRecord('cancelled', { genMs: tombAtMs }, tombAtMs)
  expect(receive(it.plane.core, { key: keyOfId('a'), record }, WAY)).toBe('merged')
  expect(it.entry()?.inDigest).toBe(false)
  expect(it.plane.core.digest.root).toEqual([0, 0])
})

// Both nodes hold the same, so their digests must be one: whoever hears late of a record must not leave out what others keep in.
test('an instance whose version nears the horizon is in the digest of all nodes or of none', () => {
  const early = setUpPlane({ node: 'n1' })
  const late = setUpPlane({ node: 'n3' })
  for (const { plane } of [early, late]) neighboursOf(plane).standings.set('n2', 'lost')
  const shipped = { key: keyOfId('a'), record: liveRecord() }
  expect(receive(early.plane.core, shipped, WAY)).toBe('merged')
  early.run(HORIZON_MS - QUIET_MS + 60_000)
  late.run(HORIZON_MS - QUIET_MS + 60_000)
  expect(receive(late.plane.core, shipped, WAY)).toBe('merged')
  expect(late.plane.core.digest.root).toEqual(early.plane.core.digest.root)
})

test('a member that was lost for hours is in the digest of all nodes or of none', () => {
  const early = setUpPlane({ node: 'n1' })
  const late = setUpPlane({ node: 'n3' })
  for (const { plane } of [early, late]) neighboursOf(plane).standings.set('n2', 'lost')
  const shipped = { key: keyOfId('n2', 'infra.discovery'), record: liveRecord() }
  expect(receive(early.plane.core, shipped, WAY)).toBe('merged')
  early.run(HORIZON_MS + 60_000)
  late.run(HORIZON_MS + 60_000)
  expect(receive(late.plane.core, shipped, WAY)).toBe('merged')
  expect(late.plane.core.digest.root).toEqual(early.plane.core.digest.root)
})
