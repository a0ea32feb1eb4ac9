/**
 * The ids of a watch's events: from where a client that comes back goes on.
 *
 * Services and keys have a history each, and an id names a point in both: the token of the
 * instance plane, a tilde, the revision of the catalog. A watch of one kind has ids of one part:
 * the token as it is, or the revision as it is.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'

export interface WatchPoint {
  readonly token?: string | undefined
  readonly revision?: number | undefined
}

/** The id of a watch of keys alone. */
export function revisionId(revision: number): string {
  return String(revision)
}

export function formatWatchId({ token, revision }: WatchPoint): string {
  if (token === undefined) return revision === undefined ? '' : revisionId(revision)
  return revision === undefined ? token : `${token}~${revisionId(revision)}`
}

const PARTS = /^(?:([^~]+)~)?([0-9]{1,16})$|^([^~]*[^~0-9][^~]*)$/

/**
 * Reads an id of a watch of just these parts; what its token means is for the instance plane.
 * Throws `invalid_argument` for anything that no such watch gives out. A watch of both may go on
 * from an id of one: what the id does not name is told from the start.
 */
export function parseWatchId(
  text: string,
  of: { readonly services: boolean; readonly keys: boolean },
): WatchPoint {
  const [, token, digits, tokenAlone] = PARTS.exec(text) ?? []
  const revision = digits === undefined ? undefined : Number(digits)
  const point = { token: token ?? tokenAlone, revision }
  const isOurs = of.services ? point.token !== undefined : revision !== undefined
  const fits = isOurs || (of.services && of.keys && revision !== undefined)
  if (fits && (revision === undefined || Number.isSafeInteger(revision))) return point
  throw invalidArgument(
    'The id is not one that such a watch gave out; leave it away to start over.',
  )
}
