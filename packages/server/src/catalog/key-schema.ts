/**
 * The keys as the engine holds them: what users name, with its family in front. Names inside a
 * key are escaped where more follows them, so that no name reaches into its neighbour's; the
 * last segment is stored as it is.
 *
 * ```
 * n/<parentId>/<name>         the id of a namespace: siblings differ in name because it is the key
 * i/<id>                      a namespace: parent, name, kind, match, comment
 * r/<nsId>/<type>/<key>       a resource; its primary key, or `~<id>` where the type has none
 * r/<nsId>/!v/<type>          put whenever a resource leaves that list
 * t/<nsId>/…                  the same for templates
 * y/<type>                    the description of a type
 * y/<type>/!hold              who writes many resources of the type at once; see `holds.ts`
 * h/<hostname>                put whenever a machine appears in the tree
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
export const FAMILY = {
  kv: 'k',
  lease: 'l',
  election: 'e',
  request: 'q',
  sibling: 'n',
  namespace: 'i',
  resource: 'r',
  template: 't',
  type: 'y',
  host: 'h',
} as const

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

/** Whether a list is of resources or of templates. */
export type ListFamily = typeof FAMILY.resource | typeof FAMILY.template

export function namespaceKey(id: string): string {
  return `${FAMILY.namespace}/${id}`
}

export function parseNamespaceKey(stored: string): string {
  return stored.slice(FAMILY.namespace.length + 1)
}

/** Below it lie the names of all children. */
export function siblingPrefix(parentId: string): string {
  return `${FAMILY.sibling}/${parentId}/`
}

export function siblingKey(parentId: string, name: string): string {
  return siblingPrefix(parentId) + name
}

/** All that one namespace holds, or hands on. */
export function heldPrefix(family: ListFamily, nsId: string): string {
  return `${family}/${nsId}/`
}

export function listPrefix(family: ListFamily, nsId: string, type: string): string {
  return `${heldPrefix(family, nsId)}${type}/`
}

export function rowKey(family: ListFamily, nsId: string, list: RowName): string {
  return listPrefix(family, nsId, list.type) + list.key
}

/** A resource in its namespace: `key` as it is stored. */
export interface RowName {
  readonly type: string
  readonly key: string
}

const VERSION = '!v'

/** Types begin with a letter or a digit, so that this is none. */
export function listVersionKey(family: ListFamily, nsId: string, type: string): string {
  return `${heldPrefix(family, nsId)}${VERSION}/${type}`
}

export type ListKey = RowName & { readonly kind: 'row' | 'version'; readonly nsId: string }

/** Undefined for what is no key of this schema. */
export function parseListKey(stored: string): ListKey | undefined {
  const nsEnd = stored.indexOf('/', 2)
  const typeEnd = stored.indexOf('/', nsEnd + 1)
  if (nsEnd < 0 || typeEnd < 0) return undefined
  const nsId = stored.slice(2, nsEnd)
  const type = stored.slice(nsEnd + 1, typeEnd)
  const key = stored.slice(typeEnd + 1)
  if (type === VERSION) return { kind: 'version', nsId, type: key, key: '' }
  return { kind: 'row', nsId, type, key }
}

const BY_ID = '~'

/** The stored key of a resource whose type has no primary key. */
export function keyOfId(id: string): string {
  return BY_ID + id
}

/** The stored key of a resource by its primary key: never one by id. */
export function keyOfPrimary(value: string): string {
  const escaped = escapeName(value)
  return escaped.startsWith(BY_ID) ? `%7E${escaped.slice(BY_ID.length)}` : escaped
}

const HOLD = '!hold'

export function typeKey(type: string): string {
  return `${FAMILY.type}/${type}`
}

export function holdKey(type: string): string {
  return `${typeKey(type)}/${HOLD}`
}

export function parseTypeKey(stored: string): { kind: 'type' | 'hold'; type: string } {
  const slash = stored.indexOf('/', 2)
  return slash < 0
    ? { kind: 'type', type: stored.slice(2) }
    : { kind: 'hold', type: stored.slice(2, slash) }
}

export function hostKey(hostname: string): string {
  return `${FAMILY.host}/${escapeName(hostname)}`
}

function escapeName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F')
}

function unescapeName(escaped: string): string {
  return escaped.replaceAll('%2F', '/').replaceAll('%25', '%')
}
