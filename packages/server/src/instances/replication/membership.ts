/**
 * Which nodes there are: every node registers itself as an instance of `infra.discovery`, and
 * learns its peers by looking at that service. The registry discovers itself.
 *
 * @module
 */

import { DISCOVERY_SERVICE } from '../../model/vocabulary.ts'
import type { Entry } from '../entry.ts'
import type { PlaneCore } from '../plane-core.ts'
import { isLive, type Life } from '../record.ts'

export interface KnownMember {
  readonly node: string
  /** `host:port` */
  readonly address: string
  readonly entry: Entry
}

/** The nodes of our zone that have not left, hidden or not, and with us. */
export function* members(core: PlaneCore): Iterable<KnownMember> {
  for (const member of membersSeen(core)) if (isLive(member.entry.record)) yield member
}

/** The nodes of our zone, and those that have left. */
export function* membersSeen(core: PlaneCore): Iterable<KnownMember> {
  const { zone } = core.options
  for (const service of core.table.named(DISCOVERY_SERVICE)) {
    for (const entry of service.entries()) {
      if (entry.zone !== zone || !entry.record.life) continue
      const address = addressOf(entry.record.content?.addresses[0] ?? '')
      yield { node: entry.id, address, entry }
    }
  }
}

/** The entry of one node, if it is or was a member. */
export function memberEntry(core: PlaneCore, node: string): Entry | undefined {
  for (const service of core.table.named(DISCOVERY_SERVICE)) {
    const entry = service.get(core.options.zone, node)
    if (entry) return entry
  }
  return undefined
}

/** `http://host:port` → `host:port` */
function addressOf(url: string): string {
  return url.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/, '')
}

/** Ends a node's membership, in its own name or an operator's. */
export function endMember(core: PlaneCore, entry: Entry): void {
  const { life } = entry.record
  if (!life) return
  const tomb: Life = {
    gen: life.gen,
    cancelled: true,
    ver: core.stamps.next(life.ver),
    evicted: false,
    home: life.home,
    tombAtMs: core.options.clock.wallMs(),
  }
  core.write(entry, { life: tomb }, { event: 'cancelled', reason: 'cancelled' })
  core.bury(entry, core.time.lastMs)
}
