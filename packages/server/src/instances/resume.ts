/**
 * Where a watcher that comes back can go on.
 *
 * @module
 */

import type { ServiceKey } from '../model/instance-key.ts'
import type { ServiceChanges } from './change-feed.ts'
import type { PlaneCore } from './plane-core.ts'
import { formatToken, parseToken } from './resume-token.ts'
import type { ServiceTable } from './service-table.ts'

/**
 * `changes`: what came since, maybe nothing; `start_over`: the watcher must take a snapshot.
 */
export type Resumption =
  | { readonly kind: 'changes'; readonly changes: ServiceChanges }
  | { readonly kind: 'start_over'; readonly reason: 'other_node' | 'too_old' }

/** Throws `invalid_argument` for a token that no node gave out. */
export function resume(core: PlaneCore, key: ServiceKey, token: string): Resumption {
  const { origin, revision } = parseToken(token)
  const { node, inc } = core.feedOrigin
  if (origin.node !== node || origin.inc !== inc || revision > core.feed.revision) {
    return { kind: 'start_over', reason: 'other_node' }
  }
  const service = core.table.service(key)
  const changed = core.feed.since(key, service, revision)
  if (!changed) return { kind: 'start_over', reason: 'too_old' }
  const latest = changed.size > 0 ? latestOf(core, service, revision) : revision
  return { kind: 'changes', changes: { revision: latest, changed } }
}

/** Up to where a service's changes are told; a service that was made again may have none of its own yet. */
function latestOf({ feed }: PlaneCore, service: ServiceTable | undefined, after: number): number {
  return service && service.revision > after ? service.revision : feed.revision
}

/** The token that names a revision of this node. */
export function tokenOf(core: PlaneCore, revision: number): string {
  return formatToken(core.feedOrigin, revision)
}
