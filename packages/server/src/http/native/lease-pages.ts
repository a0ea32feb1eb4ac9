/**
 * The leases of a name, page by page.
 *
 * @module
 */

import { LIMITS, invalidArgument, limitExceeded, type LeaseList } from '@rollcall/protocol'
import type { LeaseSummary, NativeLeases } from '../../catalog/index.ts'

export interface LeasePageQuery {
  /** How the names begin. */
  readonly name?: string | undefined
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/** One page; `next` goes on where it ends. Throws `invalid_argument`, `limit_exceeded`. */
export function leasePageOf(
  leases: NativeLeases,
  query: LeasePageQuery,
  pageMax: number,
): LeaseList {
  const { name: namePrefix = '', limit = Math.min(LIMITS.pageDefault, pageMax), cursor } = query
  if (limit > pageMax) throw limitExceeded('page size', pageMax, limit)
  const after = cursor === undefined ? undefined : parseCursor(cursor, namePrefix)
  const page = leases.list({ namePrefix, after, limit })
  const last = page.leases.at(-1)
  return {
    leases: page.leases.map(present),
    next: page.more && last ? formatCursor(last) : null,
  }
}

function present({ id, name, kind, ttlMs, state }: LeaseSummary): LeaseSummary {
  return { id, name, kind, ttlMs, state }
}

interface Place {
  readonly name: string
  readonly id: number
}

/** A cursor names the last lease of the page before; clients hand it back unread. */
function formatCursor({ name, id }: Place): string {
  return Buffer.from(`${id} ${name}`).toString('base64url')
}

const CURSOR = /^([1-9][0-9]{0,15}) (.*)$/s

function parseCursor(cursor: string, namePrefix: string): Place {
  const [, id = '', name = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  const place = { name, id: Number(id) }
  if (name.startsWith(namePrefix) && formatCursor(place) === cursor) return place
  const message = 'cursor is not one that this API gave out for this list; start without it.'
  throw invalidArgument(message, { field: 'cursor' })
}
