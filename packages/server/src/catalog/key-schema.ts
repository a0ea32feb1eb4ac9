/**
 * The keys as the engine holds them: what users name, with its family in front. Names inside a
 * key are escaped where more follows them, so that no name reaches into its neighbour's; the
 * last segment is stored as it is.
 *
 * ```
 * k/<key>                     a user's key
 * l/<id>/!meta                a lease: name, ttl, state, kind
 * l/<id>/k/<key>              a key inside a raftd lease, under an engine lease of its own
 * e/<name>/<candidate>        a candidacy; the order of the queue is that of the create revisions
 * q/<node>/<key>              a request that was done under an Idempotency-Key
 * ```
 *
 * @module
 */

/** The families that the view holds: the letter before the first slash. */
export const FAMILY = { kv: 'k', lease: 'l', election: 'e', request: 'q' } as const

export const KV_PREFIX = `${FAMILY.kv}/`
export const LEASE_PREFIX = `${FAMILY.lease}/`

const META = '!meta'
const INNER = 'k/'

export function kvKey(key: string): string {
  return KV_PREFIX + key
}

/** The user's name of a stored KV key. */
export function userKey(stored: string): string {
  return stored.slice(KV_PREFIX.length)
}

export function leasePrefix(id: number): string {
  return `${LEASE_PREFIX}${id}/`
}

export function leaseMetaKey(id: number): string {
  return leasePrefix(id) + META
}

export function leaseInnerKey(id: number, key: string): string {
  return leasePrefix(id) + INNER + key
}

export type LeaseKey =
  | { readonly kind: 'meta'; readonly id: number }
  | { readonly kind: 'inner'; readonly id: number; readonly key: string }

/** Undefined for what is no key of this schema. */
export function parseLeaseKey(stored: string): LeaseKey | undefined {
  const slash = stored.indexOf('/', LEASE_PREFIX.length)
  const id = Number(stored.slice(LEASE_PREFIX.length, slash))
  const rest = stored.slice(slash + 1)
  if (slash < 0 || !Number.isSafeInteger(id)) return undefined
  if (rest === META) return { kind: 'meta', id }
  return rest.startsWith(INNER) ? { kind: 'inner', id, key: rest.slice(INNER.length) } : undefined
}

/** All candidacies of one election. It is also what its commits are serial in. */
export function electionPrefix(name: string): string {
  return `${FAMILY.election}/${escapeName(name)}/`
}

export function candidacyKey(name: string, candidate: string): string {
  return electionPrefix(name) + candidate
}

export function parseCandidacyKey(stored: string): { name: string; candidate: string } | undefined {
  const from = FAMILY.election.length + 1
  const slash = stored.indexOf('/', from)
  if (slash < 0) return undefined
  return { name: unescapeName(stored.slice(from, slash)), candidate: stored.slice(slash + 1) }
}

export function requestKey(node: string, key: string): string {
  return `${FAMILY.request}/${escapeName(node)}/${key}`
}

function escapeName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F')
}

function unescapeName(escaped: string): string {
  return escaped.replaceAll('%2F', '/').replaceAll('%25', '%')
}
