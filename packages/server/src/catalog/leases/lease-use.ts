/**
 * Attaching keys to native leases.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol/errors'
import type { CatalogCore } from '../catalog-core.ts'
import type { Operation } from '../engine.ts'
import { leaseNotFound } from '../refusals.ts'
import { putUsed, type LeaseMeta } from './lease-meta.ts'

/**
 * What a commit that attaches keys to these leases has to do besides: mark those that are used
 * for the first time. Rejects with `lease_not_found` for what is no lease of users: the engine's
 * leases of single raftd keys and of request records are nobody's to attach to.
 */
export async function useLeases(
  core: CatalogCore,
  leases: Iterable<number>,
): Promise<readonly Operation[]> {
  const marks: Operation[] = []
  for (const id of new Set(leases)) {
    const meta = core.tables.leases.get(id) ?? (await leaseFromElsewhere(core, id))
    if (meta.kind === 'raftd') {
      const message = `Lease ${id} is raftd's and takes keys through raftd's protocol only.`
      throw invalidArgument(message, { field: 'lease', lease: id })
    }
    if (meta.state === 'CREATE') marks.push(putUsed(meta))
  }
  return marks
}

/** A lease that another node may just have granted: asks for all that is committed by now. */
export async function leaseFromElsewhere(core: CatalogCore, id: number): Promise<LeaseMeta> {
  await core.readable({ consistency: 'linearizable' })
  const meta = core.tables.leases.get(id)
  if (!meta) throw leaseNotFound(id)
  return meta
}
