/**
 * What this node does with instances that another is home of: shows them for as long as it
 * trusts their home, and hides what nobody claims some time after the home is lost.
 *
 * A lost home never makes a tombstone. Whether its instances live, this node cannot know;
 * hiding is its own opinion and undone as soon as somebody vouches for them.
 *
 * @module
 */

import { QUIET_MS } from './constants.ts'
import { UNKNOWN, type Entry } from './entry.ts'
import type { PlaneCore } from './plane-core.ts'
import { isLive } from './record.ts'

/** Does what the standing of its home asks for, after either changed. */
export function attend(core: PlaneCore, entry: Entry, nowMs: number): void {
  const { record, home } = entry
  if (!home || home.standing === 'own' || !isLive(record)) return
  if (home.standing === 'trusted') {
    entry.hideAtMs = UNKNOWN
    core.release(entry)
    if (entry.hidden) core.setHidden(entry, false, { event: 'shown' })
  } else if (home.standing === 'lost' && entry.hideAtMs === UNKNOWN) {
    entry.hideAtMs = core.neighbours.lostAtMs(home.origin, nowMs) + record.content.ttlMs
  }
  core.account(entry)
  watch(core, entry, nowMs)
}

/** Puts an entry where the next that is due for it comes: hiding, leaving the digest, or being forgotten. */
export function watch(core: PlaneCore, entry: Entry, nowMs: number): void {
  const isWaiting = entry.hideAtMs !== UNKNOWN && !entry.hidden
  const agedAtMs = nowMs + untilAgedMs(core, entry)
  // What is ours to judge lay on our disk for as long as it did, and is given its ttl all the same.
  if (isWaiting && core.judges(entry)) core.wheel.schedule(entry, entry.hideAtMs)
  else core.wheel.schedule(entry, isWaiting ? Math.min(entry.hideAtMs, agedAtMs) : agedAtMs)
}

/** Something is due for a live entry that another is home of. */
export function orphanDue(core: PlaneCore, entry: Entry, nowMs: number): void {
  const isOver = !entry.hidden && entry.hideAtMs !== UNKNOWN && nowMs >= entry.hideAtMs
  if (isOver && core.judges(entry)) core.protection.lapse(entry, nowMs)
  else if (core.ageLeftMs(entry) <= 0) core.drop(entry)
  else if (entry.inDigest && core.isFading(entry)) {
    core.digest.remove(entry, nowMs)
    watch(core, entry, nowMs)
  } else if (isOver && core.neighbours.isolated) holdIsolated(core, entry)
  else if (isOver) hide(core, entry)
  else watch(core, entry, nowMs)
}

/** Latches an entry as hidden. */
export function hide(core: PlaneCore, entry: Entry): void {
  if (entry.hidden) return
  const home = entry.record.life?.home.node ?? ''
  const detail = `its home "${home}" is lost and nobody claimed it`
  core.setHidden(entry, true, { event: 'hidden', detail, reason: 'hidden' })
  watch(core, entry, core.time.lastMs)
  core.options.metrics.hidden()
}

/** Who hears fewer than half of the members is more likely cut off than they are all dead. */
function holdIsolated(core: PlaneCore, entry: Entry): void {
  core.isolate(entry)
  core.wheel.schedule(entry, core.time.lastMs + untilAgedMs(core, entry))
}

/** How long until its age asks for something. */
function untilAgedMs(core: PlaneCore, entry: Entry): number {
  return core.ageLeftMs(entry) - (entry.inDigest ? QUIET_MS : 0)
}
