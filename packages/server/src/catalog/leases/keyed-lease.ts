/**
 * One raftd lease: a record on an engine lease of its own, and each key inside on another. So
 * each key ends alone, a ttl after its last keep-alive, and the record a little after the last
 * of them; readers take the lease as ended as soon as it has no key left.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { CatalogCore } from '../catalog-core.ts'
import type { KeyedLeaseEntry } from '../catalog.ts'
import { leaseMetaKey, leasePrefix } from '../key-schema.ts'
import { compareKeys } from '../key-order.ts'
import { leaseNotFound } from '../refusals.ts'
import type { LeaseMeta } from './lease-meta.ts'
import { KEYED_GRACE_MS } from './ttl.ts'

export type TimedEntry = KeyedLeaseEntry & { readonly remainingMs: number }

/** The engine's leases that a lease of users consists of. The first is that of its record. */
export function engineLeasesOf({ tables }: CatalogCore, { id, kind }: LeaseMeta): number[] {
  if (kind === 'native') return [id]
  return [id, ...Array.from(tables.leases.inner(id).values(), ({ lease }) => lease)]
}

/** What is left of a raftd lease and of each key in it, in the order of the keys. */
export async function keyedLeaseState(
  core: CatalogCore,
  { id }: LeaseMeta,
): Promise<{ readonly remainingMs: number; readonly keys: readonly TimedEntry[] }> {
  const { leases } = core.options.engine
  const inner = Array.from(core.tables.leases.inner(id))
  const [own, ...states] = await Promise.all(
    [id, ...inner.map(([, { lease }]) => lease)].map((lease) => leases.timeToLive(lease)),
  )
  const keys = inner.flatMap(([key, { value }], at) => {
    const state = states[at]
    return state ? [{ key, value, remainingMs: state.remainingMs }] : []
  })
  // One that had keys ends with the last of them, though the view may still show it for a moment.
  if (!own || (inner.length > 0 && keys.length === 0)) throw leaseNotFound(id)
  const unusedMs = Math.max(0, own.remainingMs - KEYED_GRACE_MS)
  const remainingMs = keys.length === 0 ? unusedMs : Math.max(...keys.map(leftOf))
  return { remainingMs, keys: keys.sort((left, right) => compareKeys(left.key, right.key)) }
}

/**
 * Ends a raftd lease with all its keys in one revision. Leases of the engine on which nothing
 * hangs any more are let go at once, or end by themselves.
 */
export async function endKeyedLease(core: CatalogCore, id: number): Promise<{ revision: number }> {
  const inner = Array.from(core.tables.leases.inner(id).values(), ({ lease }) => lease)
  const { revision, succeeded } = await core.commit({
    compares: [{ kind: 'exists', key: leaseMetaKey(id), exists: true }],
    then: [{ kind: 'delete_prefix', prefix: leasePrefix(id) }],
  })
  if (!succeeded) throw leaseNotFound(id)
  await letGo(core, [id, ...inner])
  return { revision }
}

/** Revokes leases of the engine that nothing hangs on. What fails here only lasts a little longer. */
export async function letGo(core: CatalogCore, leases: readonly number[]): Promise<void> {
  const ends = await Promise.allSettled(
    leases.map((lease) => core.options.engine.leases.revoke(lease)),
  )
  for (const end of ends) {
    if (end.status === 'rejected' && !(end.reason instanceof RegistryError)) throw end.reason
  }
}

function leftOf({ remainingMs }: TimedEntry): number {
  return remainingMs
}
