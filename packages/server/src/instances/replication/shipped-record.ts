/**
 * How an entry leaves for a peer.
 *
 * @module
 */

import { keyOf } from '../digest.ts'
import { UNKNOWN, type Entry } from '../entry.ts'
import { isLive, type InstanceRecord } from '../record.ts'
import type { ShippedRecord } from './messages.ts'

/** The entry's key with a part of its record, and what was decided about it if its home is lost. */
export function shippedOf(entry: Entry, record: InstanceRecord, nowMs: number): ShippedRecord {
  const { hideAtMs, hidden } = entry
  const key = keyOf(entry)
  if (hideAtMs === UNKNOWN || !isLive(entry.record)) return { key, record }
  return { key, record, orphan: { hideInMs: Math.round(hideAtMs - nowMs), hidden } }
}
