/**
 * Pages of a range and of a snapshot: bounded by their count and by their bytes.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol/errors'
import type { KeyValue, RangeQuery } from '../engine.ts'
import { checkPrefix } from './check-key.ts'
import { RANGE_BYTES, RANGE_LIMIT } from './limits.ts'

/** Small enough not to hold up the event loop. */
const SNAPSHOT_PAGE = { entries: 1_000, bytes: 1_024 * 1_024 }

/** Throws `invalid_argument` or `limit_exceeded`. */
export function checkRange({ prefix, limit }: RangeQuery): void {
  checkPrefix(prefix)
  if (Number.isInteger(limit) && limit >= 1 && limit <= RANGE_LIMIT) return
  throw invalidArgument(`A range takes a limit from 1 to ${RANGE_LIMIT}.`, { field: 'limit' })
}

/** Takes one page of entries; `more` says whether any is left. */
export function takePage(
  entries: Iterable<KeyValue>,
  limit: number,
): { entries: KeyValue[]; more: boolean } {
  const taken: KeyValue[] = []
  let bytes = 0
  for (const entry of entries) {
    if (taken.length >= limit || bytes >= RANGE_BYTES) return { entries: taken, more: true }
    taken.push(entry)
    bytes += entry.key.length + entry.value.byteLength
  }
  return { entries: taken, more: false }
}

/** Cuts entries into the pages of a snapshot. */
export function* snapshotPages(entries: Iterable<KeyValue>): Iterable<readonly KeyValue[]> {
  let page: KeyValue[] = []
  let bytes = 0
  for (const entry of entries) {
    page.push(entry)
    bytes += entry.key.length + entry.value.byteLength
    if (page.length < SNAPSHOT_PAGE.entries && bytes < SNAPSHOT_PAGE.bytes) continue
    yield page
    page = []
    bytes = 0
  }
  if (page.length > 0) yield page
}
