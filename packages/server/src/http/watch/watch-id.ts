/**
 * The ids of a watch's events: from where a client that comes back goes on.
 *
 * Services have a history of their own, keys and namespaces share that of the catalog, but are told
 * by themselves. An id names a point in each: the token of the instance plane, a tilde, the revision
 * up to which keys were told, a dot, the one of namespaces. A watch of one kind has ids of one part:
 * the token as it is, or the revision as it is.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'

/** Up to where a watcher was told everything, of each kind. */
export interface WatchPoint {
  readonly token?: string | undefined
  /** Of keys. */
  readonly kv?: number | undefined
  /** Of namespaces. */
  readonly ns?: number | undefined
}

/** Of a watcher who knows nothing, or nothing any more: it starts over. No token looks like it. */
export const NOTHING_ID = 'none'

/** What a watch is of. */
export interface WatchKinds {
  readonly services: boolean
  readonly kv: boolean
  readonly ns: boolean
}

/** The id of a watch of keys alone, or of namespaces. */
export function revisionId(revision: number): string {
  return String(revision)
}

export function formatWatchId({ token, kv, ns }: WatchPoint): string {
  const revisions = [kv, ns]
    .filter((revision) => revision !== undefined)
    .map(revisionId)
    .join('.')
  if (token === undefined) return revisions
  return revisions === '' ? token : `${token}~${revisions}`
}

const PARTS = /^(?:([^~]+)~)?([0-9]{1,16})(?:\.([0-9]{1,16}))?$|^([^~]*[^~0-9][^~]*)$/

/**
 * Reads an id of a watch of just these kinds; what its token means is for the instance plane.
 * Throws `invalid_argument` for anything that no such watch gives out. A watch of services and more
 * may go on from an id of one part: what the id does not name is told from the start.
 */
export function parseWatchId(text: string, of: WatchKinds): WatchPoint {
  if (text === NOTHING_ID) return {}
  const [, token, first, second, tokenAlone] = PARTS.exec(text) ?? []
  const point = { token: token ?? tokenAlone, ...revisionsOf(of, first, second) }
  const hasRevision = point.kv !== undefined || point.ns !== undefined
  const isOurs = of.services ? point.token !== undefined : hasRevision
  const fits = isOurs || (of.services && hasRevision)
  const isSafe = [point.kv, point.ns].every(
    (revision) => revision === undefined || Number.isSafeInteger(revision),
  )
  if (fits && isSafe && (first === undefined || hasRevision || !(of.kv || of.ns))) return point
  throw invalidArgument(
    'The id is not one that such a watch gave out; leave it away to start over.',
  )
}

/** A single revision says nothing to a watch of two kinds: it would be a guess for which it is. */
function revisionsOf(
  of: WatchKinds,
  first: string | undefined,
  second: string | undefined,
): Pick<WatchPoint, 'kv' | 'ns'> {
  const one = first === undefined ? undefined : Number(first)
  const other = second === undefined ? undefined : Number(second)
  if (of.kv && of.ns) return { kv: other === undefined ? undefined : one, ns: other }
  return { kv: of.kv ? one : undefined, ns: of.ns ? (other ?? one) : undefined }
}
