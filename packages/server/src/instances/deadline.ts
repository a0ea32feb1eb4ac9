/**
 * What home does for what it vouches for: holds the deadline, and keeps the version fresh.
 *
 * @module
 */

import { REFRESH_MS } from './constants.ts'
import { UNKNOWN, type Entry } from './entry.ts'
import type { PlaneCore } from './plane-core.ts'
import { isLive, vouched, type LiveRecord } from './record.ts'
import { wallMsOf } from './stamp.ts'

/** Plane time at which an entry that this node is home of lapses. */
export function deadlineOf(entry: Entry): number {
  return entry.evidenceAtMs + (entry.record.content?.ttlMs ?? 0)
}

/** Puts an entry where its deadline, or before it its next refresh, comes. */
export function watchDeadline(core: PlaneCore, entry: Entry): void {
  if (!core.isJudged(entry)) return
  // With a long ttl the version would grow old between two renewals.
  const refreshAtMs = core.time.lastMs + REFRESH_MS
  core.wheel.schedule(entry, Math.min(deadlineOf(entry), refreshAtMs))
}

/** Whether a version is so old that others may soon take the record for a forgotten one. */
export function isStale(core: PlaneCore, { life }: LiveRecord): boolean {
  return core.options.clock.wallMs() - wallMsOf(life.ver) > REFRESH_MS
}

/** Gives a record that this node is home of a new version. Clients see no change. */
export function refresh(core: PlaneCore, entry: Entry): void {
  const { life } = entry.record
  if (!life) return
  core.write(entry, { life: vouched(life, core.stamps.next(life.ver), core.stamps.origin) })
  watchDeadline(core, entry)
}

/**
 * Becomes home of an entry with a renewal that is known here. Clients see no change, unless it
 * was hidden.
 */
export function claim(core: PlaneCore, entry: Entry): void {
  const { record } = entry
  if (!isLive(record)) return
  core.neighbours.forget(entry)
  entry.hideAtMs = UNKNOWN
  const { life } = record
  const ver = core.stamps.next(life.ver)
  core.write(entry, { life: vouched(life, ver, core.stamps.origin) }, { event: 'claimed' })
  core.options.metrics.claimed()
  if (entry.hidden) core.reveal(entry, core.time.lastMs)
  watchDeadline(core, entry)
}
