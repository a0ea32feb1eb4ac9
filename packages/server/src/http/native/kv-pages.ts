/**
 * The keys below a prefix, page by page.
 *
 * @module
 */

import {
  LIMITS,
  invalidArgument,
  limitExceeded,
  type KvEntry,
  type KvList,
} from '@rollcall/protocol'
import type { Kv } from '../../catalog/index.ts'
import { presentEntry } from '../present-entry.ts'

export interface KvPageQuery {
  readonly prefix?: string | undefined
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
  readonly keysOnly?: boolean | undefined
}

/** A page ends with the value that takes it beyond this, whatever its limit says. */
const PAGE_MAX_BYTES = 4 * 1_024 * 1_024

/** One page; `next` goes on where it ends. Throws `invalid_argument`, `limit_exceeded`. */
export function kvPageOf(kv: Kv, query: KvPageQuery, pageMax: number): Omit<KvList, 'revision'> {
  const { prefix = '', limit = Math.min(LIMITS.pageDefault, pageMax), cursor } = query
  if (limit > pageMax) throw limitExceeded('page size', pageMax, limit)
  const after = cursor === undefined ? undefined : parseCursor(cursor, prefix)
  const found = kv.list({ prefix, after, limit })
  const entries: KvEntry[] = []
  let bytes = 0
  for (const entry of found.entries) {
    entries.push(presentEntry(entry, query.keysOnly))
    if (query.keysOnly !== true) bytes += entry.value.length
    if (bytes > PAGE_MAX_BYTES) break
  }
  const last = entries.at(-1)
  const isAll = !found.more && entries.length === found.entries.length
  return { entries, next: isAll || !last ? null : formatCursor(last.key) }
}

/** A cursor names the last key of the page before; clients hand it back unread. */
function formatCursor(key: string): string {
  return Buffer.from(key).toString('base64url')
}

function parseCursor(cursor: string, prefix: string): string {
  const key = Buffer.from(cursor, 'base64url').toString()
  if (key.startsWith(prefix) && formatCursor(key) === cursor) return key
  const message = 'cursor is not one that this API gave out for this list; start without it.'
  throw invalidArgument(message, { field: 'cursor' })
}
