/**
 * Whom to sync with, and when: what came back, what was told less than everything, and what
 * differs although nothing is under way.
 *
 * @module
 */

import { LOOK_EVERY_MS } from './constants.ts'
import type { Members } from './members.ts'
import type { PeerLink } from './peer-link.ts'
import type { Syncs } from './syncs.ts'
import type { Ways } from './ways.ts'

export interface SyncPlanOptions {
  readonly members: Members
  readonly ways: Ways
  readonly syncs: Syncs
}

/** Begins the syncs that are due; one that runs already is not begun again. */
export function beginSyncs({ members, ways, syncs }: SyncPlanOptions, nowMs: number): void {
  for (const node of members.doubted(nowMs)) {
    const guide = guideTo(ways, node, nowMs)
    if (guide && nowMs >= guide.syncAgainAtMs) syncs.start(guide.node, true)
  }
  for (const link of ways.links.values()) {
    const isDue = link.needsSync && !link.isSilent(nowMs) && nowMs >= link.syncAgainAtMs
    // Noted as done now: what is dropped while it runs asks for another.
    if (isDue && !syncs.isRunning(link.node)) {
      link.needsSync = false
      syncs.start(link.node, true)
    }
    if (!isDue && link.mismatches > 1 && nowMs - link.lookedAtMs >= LOOK_EVERY_MS) {
      link.lookedAtMs = nowMs
      syncs.start(link.node, false)
    }
  }
}

/** Who can tell us all that a node has: itself, or somebody with a direct way to it. */
function guideTo(ways: Ways, node: string, nowMs: number): PeerLink | undefined {
  const own = ways.links.get(node)
  if (own?.isDirect(nowMs) === true && nowMs >= own.syncAgainAtMs) return own
  for (const link of ways.links.values()) {
    if (link.isDirect(nowMs) && link.direct.has(node)) return link
  }
  return own
}
