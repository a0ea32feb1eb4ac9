import { expect, test } from 'vitest'
import { endedRecord, liveRecord, looseEntry, WALL_MS } from '../../testing/replication-harness.ts'
import type { Entry } from '../entry.ts'
import type { InstanceRecord } from '../record.ts'
import { BATCH_BYTES, BATCH_RECORDS_MAX, OUTBOX_MAX, RESEND_MS } from './constants.ts'
import { Outbox } from './outbox.ts'

const entriesOf = (count: number, record: InstanceRecord = liveRecord()) =>
  Array.from({ length: count }, (_, at) => looseEntry(`i${at}`, record))

function setUp(entries: readonly Entry[] = entriesOf(1), lifeOnly = false) {
  const outbox = new Outbox()
  for (const entry of entries) outbox.add(entry, lifeOnly)
  const [first = looseEntry('none', liveRecord())] = entries
  let seq = 0
  /** Takes what may leave at a time and sends it; answers the number of the batch. */
  const send = (nowMs: number) => {
    const taken = outbox.take(nowMs)
    seq += 1
    outbox.sent(seq, taken.entries, { atMs: nowMs, direct: true })
    return { ...taken, seq }
  }
  return { outbox, first, send }
}

test('what was sent is sent again after 300 ms, and not before', () => {
  const { outbox, send } = setUp()
  expect(send(1_000).entries).toHaveLength(1)
  expect(outbox.take(1_000 + RESEND_MS - 1).entries).toHaveLength(0)
  expect(send(1_000 + RESEND_MS).entries).toHaveLength(1)
})

test('what changed in flight stays, and leaves again at once', () => {
  const { outbox, first, send } = setUp()
  const { seq } = send(1_000)
  first.record = liveRecord({ verMs: WALL_MS + 1 })
  outbox.add(first, true)
  expect(outbox.take(1_001).records[0]?.record).toBe(first.record)
  expect(outbox.acked(seq, [])?.entries).toEqual([first])
  expect(outbox.has(first)).toBe(true)
  const again = send(1_002)
  expect(outbox.acked(again.seq, [])?.direct).toBe(true)
  expect(outbox.size).toBe(0)
})

test('an acknowledgement counts once', () => {
  const { outbox, first, send } = setUp()
  const { seq } = send(1_000)
  outbox.acked(seq, [])
  outbox.add(first, false)
  expect(outbox.acked(seq, [])).toBeUndefined()
  expect(outbox.has(first)).toBe(true)
  expect(outbox.acked(99, [])).toBeUndefined()
})

test('the late acknowledgement of what was sent twice does for both', () => {
  const { outbox, send } = setUp()
  const { seq } = send(1_000)
  send(1_000 + RESEND_MS)
  outbox.acked(seq, [])
  expect(outbox.size).toBe(0)
})

test('of what only its life changed, the life is sent, until the peer lacks the rest', () => {
  const { outbox, first, send } = setUp(undefined, true)
  const { seq, records } = send(1_000)
  expect(records[0]?.record).toEqual({ life: first.record.life, content: null, override: null })
  outbox.acked(seq, [0])
  expect(outbox.has(first)).toBe(true)
  expect(send(1_001).records[0]?.record).toBe(first.record)
})

test('what changed whole and then its life is sent whole, also again', () => {
  const { outbox, first, send } = setUp()
  outbox.add(first, true)
  expect(send(1_000).records[0]?.record).toBe(first.record)
  expect(send(1_000 + RESEND_MS).records[0]?.record).toBe(first.record)
})

test('a tombstone leaves without what it was', () => {
  const { outbox, first } = setUp(entriesOf(1, endedRecord('evicted')))
  expect(outbox.take(0).records[0]?.record).toEqual({ ...first.record, content: null })
})

test('what is decided about an orphan goes with it, as time that is left', () => {
  const { outbox, first } = setUp()
  first.hideAtMs = 61_000
  first.hidden = true
  expect(outbox.take(1_000).records[0]?.orphan).toEqual({ hideInMs: 60_000, hidden: true })
})

test('a batch has a thousand records at most', () => {
  const entries = entriesOf(BATCH_RECORDS_MAX + 5)
  const { outbox, send } = setUp(entries)
  const first = send(1_000)
  expect(first.entries).toEqual(entries.slice(0, BATCH_RECORDS_MAX))
  expect(first.isFull).toBe(true)
  const second = send(1_000)
  expect(second.entries).toEqual(entries.slice(BATCH_RECORDS_MAX))
  expect(second.isFull).toBe(false)
  outbox.acked(second.seq, [])
  expect(outbox.size).toBe(BATCH_RECORDS_MAX)
  expect(send(1_000 + RESEND_MS).entries).toEqual(first.entries)
})

test('what was not sent yet comes before what is sent again', () => {
  const entries = entriesOf(BATCH_RECORDS_MAX + 5)
  const { send } = setUp(entries)
  send(1_000)
  const next = send(1_000 + RESEND_MS).entries
  expect(next.slice(0, 5)).toEqual(entries.slice(BATCH_RECORDS_MAX))
})

test('a batch ends with the record that fills its bytes; one record always fits', () => {
  const large = liveRecord({ version: 'v'.repeat(BATCH_BYTES / 4) })
  const { send } = setUp(entriesOf(9, large))
  expect(send(0).entries).toHaveLength(4)
  const huge = setUp(entriesOf(2, liveRecord({ version: 'v'.repeat(BATCH_BYTES) })))
  expect(huge.send(0)).toMatchObject({ entries: { length: 1 }, isFull: true })
})

test('with too much to tell everything is dropped for a sync, which is said once', () => {
  const entries = entriesOf(OUTBOX_MAX)
  const { outbox, first, send } = setUp(entries)
  const { seq } = send(0)
  expect(outbox.takeOverflow()).toBe(false)
  outbox.add(first, false)
  expect(outbox.size).toBe(OUTBOX_MAX)
  const last = looseEntry('last', liveRecord())
  outbox.add(last, false)
  expect(outbox.size).toBe(1)
  expect(outbox.has(last)).toBe(true)
  expect(outbox.takeOverflow()).toBe(true)
  expect(outbox.takeOverflow()).toBe(false)
  expect(outbox.acked(seq, [])).toBeUndefined()
})
