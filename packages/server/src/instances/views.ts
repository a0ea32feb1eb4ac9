/**
 * What readers see: services and their instances as they are now.
 *
 * @module
 */

import type { ServiceKey } from '../model/instance-key.ts'
import type { ShownInstance } from './entry.ts'
import type { PlaneCore } from './plane-core.ts'
import type { ProtectionState } from './protection.ts'
import { formatToken } from './resume-token.ts'
import type { ServiceTable } from './service-table.ts'

/** One service, whole. `instances` is read on the spot: take what you need before you await. */
export interface ServiceSnapshot extends ServiceKey {
  /** Whether the node holds any record of it, also of what has ended. */
  readonly known: boolean
  /** Of its last visible change on this node; 0 where there was none. */
  readonly revision: number
  /** Wall time of that change, and how many of the service came before it in that millisecond: together they only grow. */
  readonly changedAtMs: number
  readonly changedSeq: number
  /** Names that revision to whoever wants to go on from here. */
  readonly token: string
  readonly protected: ProtectionState | null
  readonly instances: Iterable<ShownInstance>
}

/** One line of a list of services. */
export interface ServiceSummary extends ServiceKey {
  readonly instanceCount: number
  readonly upCount: number
  readonly zones: ReadonlyMap<string, number>
  readonly revision: number
  readonly protected: ProtectionState | null
}

/** A service as it is now; an unknown one is empty, with a token to wait for it. */
export function snapshot(core: PlaneCore, key: ServiceKey): ServiceSnapshot {
  // First, because a stall that shows now changes what is read below.
  const nowMs = core.time.nowMs()
  const service = core.table.service(key)
  const { env } = key
  const revision = service?.revision ?? 0
  return {
    env,
    service: key.service,
    known: service !== undefined,
    revision,
    changedAtMs: service?.changedAtMs ?? 0,
    changedSeq: service?.changedSeq ?? 0,
    // Of an unknown service this node can only say that nothing came until now; of one that it
    // learnt of later, that nothing came before.
    token: formatToken(
      core.feedOrigin,
      service ? Math.max(revision, service.bornRevision) : core.feed.revision,
    ),
    protected: service ? core.protection.stateOf(service, nowMs) : null,
    instances: service?.shown() ?? [],
  }
}

export interface ListQuery {
  /** Absent: all envs. */
  readonly env?: string | undefined
  readonly prefix?: string | undefined
  /** Lists what comes after this service. */
  readonly after?: ServiceKey | undefined
}

/** Services with at least one instance to show, by env and name. Read on the spot. */
export function* list(core: PlaneCore, query: ListQuery): Iterable<ServiceSummary> {
  const { env, prefix = '', after } = query
  const nowMs = core.time.nowMs()
  for (const service of core.table.inOrder(startOf(query))) {
    if (env !== undefined && service.env !== env) break
    if (env !== undefined && isPast(service, prefix)) break
    const isAfter = after === undefined || isLater(service, after)
    if (!isAfter || !service.name.startsWith(prefix) || service.shownCount === 0) continue
    yield summarize(core, service, nowMs)
  }
}

/** A key before everything that the query can match, near to the first of it. */
function startOf({ env, prefix = '', after }: ListQuery): string {
  const cursor = after ? `${after.env} ${after.service}` : ''
  // Without its last character the prefix sorts before everything that begins with it.
  const first = env === undefined ? '' : `${env} ${prefix.slice(0, -1)}`
  return cursor > first ? cursor : first
}

/** Whether this and all later names of one env lie behind what a prefix matches. */
function isPast({ name }: ServiceTable, prefix: string): boolean {
  return name > prefix && !name.startsWith(prefix)
}

function isLater(service: ServiceTable, after: ServiceKey): boolean {
  return `${service.env} ${service.name}` > `${after.env} ${after.service}`
}

function summarize(core: PlaneCore, service: ServiceTable, nowMs: number): ServiceSummary {
  return {
    env: service.env,
    service: service.name,
    instanceCount: service.shownCount,
    upCount: service.upCount,
    zones: service.shownByZone(),
    revision: service.revision,
    protected: core.protection.stateOf(service, nowMs),
  }
}

/** Where else a service of this name is shown: mostly the answer to a wrong env. */
export function elsewhere(core: PlaneCore, { env, service }: ServiceKey) {
  const found: { env: string; zones: string[] }[] = []
  for (const other of core.table.named(service)) {
    if (other.env === env || other.shownCount === 0) continue
    found.push({ env: other.env, zones: [...other.shownByZone().keys()].sort() })
  }
  return found
}
