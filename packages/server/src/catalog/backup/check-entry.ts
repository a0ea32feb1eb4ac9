/**
 * What a key and its value have to be so that the view can take them. What is let through here
 * is read at every start of the node: an entry that its reader does not understand would end it
 * each time. How namespaces lie in one another is `check-tree.ts`.
 *
 * Families that this version does not know are kept as they are, for one that does.
 *
 * @module
 */

import {
  FAMILY,
  KV_PREFIX,
  LEASE_PREFIX,
  leaseInnerKey,
  leaseMetaKey,
  parseLeaseKey,
  parseTypeKey,
} from '../key-schema.ts'
import { isMeta } from '../leases/lease-meta.ts'
import { isType } from '../resource-types/type-record.ts'
import { KV_LIMITS } from '../limits.ts'
import type { BackupEntry } from './parse-line.ts'

/** What is wrong with an entry: its key, or what stands under it. */
export type EntryFault = 'key' | 'value' | 'lease'

type Check = (entry: BackupEntry) => EntryFault | undefined

const CHECKS: ReadonlyMap<string, Check> = new Map([
  [FAMILY.kv, checkKv],
  [FAMILY.lease, checkLease],
  [FAMILY.type, checkType],
])

const ANY_FAMILY = /^[a-z]\//

/** Undefined where nothing is. */
export function faultOf(entry: BackupEntry): EntryFault | undefined {
  if (!ANY_FAMILY.test(entry.key)) return 'key'
  return CHECKS.get(entry.key.charAt(0))?.(entry)
}

function checkKv({ key, value }: BackupEntry): EntryFault | undefined {
  const bytes = Buffer.byteLength(key) - KV_PREFIX.length
  if (bytes < 1 || bytes > KV_LIMITS.keyBytes) return 'key'
  return value.length > KV_LIMITS.valueBytes ? 'value' : undefined
}

function checkLease({ key, value, lease }: BackupEntry): EntryFault | undefined {
  const place = key.startsWith(LEASE_PREFIX) ? parseLeaseKey(key) : undefined
  if (!place) return 'key'
  const { id } = place
  // A number may be written in several ways, and only one of them is found again.
  const isPlain =
    id > 0 && key === (place.kind === 'meta' ? leaseMetaKey(id) : leaseInnerKey(id, place.key))
  if (!isPlain) return 'key'
  if (place.kind === 'inner') return lease === 0 ? 'lease' : undefined
  if (lease !== id) return 'lease'
  return isMeta(value) ? undefined : 'value'
}

function checkType({ key, value }: BackupEntry): EntryFault | undefined {
  const { kind, type } = parseTypeKey(key)
  if (kind !== 'type' || type === '') return 'key'
  return isType(value) ? undefined : 'value'
}
