/**
 * Where a page of a list ends, for clients to hand back unread.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { LIMITS, invalidArgument, limitExceeded } from '@rollcall/protocol'
import { Type } from 'typebox'

/** What the query of every list may say beside its own. A place may be a long path. */
export const PAGING = {
  limit: Type.Optional(Type.Integer({ minimum: 1 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 8_192 })),
}

export interface PageQuery {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/** What makes a list another one; a cursor is good for one list alone. */
export type ListIdentity = readonly (string | boolean | undefined)[]

const DIGEST_LENGTH = 12

/** Reads how much is wanted, and after what. Throws `limit_exceeded`, `invalid_argument`. */
export function pageOf(
  { limit = LIMITS.pageDefault, cursor }: PageQuery,
  list: ListIdentity,
  pageMax: number,
): { readonly limit: number; readonly after: string | undefined } {
  if (limit > pageMax) throw limitExceeded('page size', pageMax, limit)
  return { limit, after: cursor === undefined ? undefined : parseCursor(cursor, list) }
}

/** Makes the cursor of the page that begins after a place; null for none. */
export function nextOf(after: string | undefined, list: ListIdentity): string | null {
  return after === undefined ? null : formatCursor(after, list)
}

function formatCursor(after: string, list: ListIdentity): string {
  return Buffer.from(`${digestOf(list)}${after}`).toString('base64url')
}

function parseCursor(cursor: string, list: ListIdentity): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  const after = text.slice(DIGEST_LENGTH)
  if (text.startsWith(digestOf(list)) && formatCursor(after, list) === cursor) return after
  const message = 'cursor is not one that this API gave out for this list; start without it.'
  throw invalidArgument(message, { field: 'cursor' })
}

function digestOf(list: ListIdentity): string {
  const text = JSON.stringify(list)
  return createHash('sha256').update(text).digest('base64url').slice(0, DIGEST_LENGTH)
}
