/**
 * What happens by itself: deadlines pass, homes are lost, records grow old, the loop stalls.
 *
 * @module
 */

import { LOST_MS, QUIET_MS, TICK_MS, VISITS_PER_TICK } from './constants.ts'
import { deadlineOf, isStale, refresh, watchDeadline } from './deadline.ts'
import { UNKNOWN, type Entry } from './entry.ts'
import { attend, hide, orphanDue } from './orphans.ts'
import type { PlaneCore } from './plane-core.ts'
import { isLive, type Life } from './record.ts'

/** Looks at what fell due and at whose home changed, and lets protection decide about what lapsed. */
export function sweep(core: PlaneCore): void {
  const nowMs = core.time.nowMs()
  core.homes.attend(VISITS_PER_TICK, (entry) => {
    attend(core, entry, nowMs)
  })
  core.wheel.sweep(nowMs, VISITS_PER_TICK, (entry) => {
    fallDue(core, entry, nowMs)
  })
  core.protection.settle(nowMs)
}

function fallDue(core: PlaneCore, entry: Entry, nowMs: number): void {
  if (!isLive(entry.record)) tombstoneDue(core, entry, nowMs)
  else if (entry.home?.standing !== 'own') orphanDue(core, entry, nowMs)
  else if (nowMs >= deadlineOf(entry)) core.protection.lapse(entry, nowMs)
  else if (isStale(core, entry.record)) refresh(core, entry)
  else watchDeadline(core, entry)
}

/** Towards its end a tombstone leaves the digest, and then the table. */
function tombstoneDue(core: PlaneCore, entry: Entry, nowMs: number): void {
  if (entry.record.life === null || !entry.inDigest) core.drop(entry)
  else {
    core.digest.remove(entry, nowMs)
    // The slots of the wheel have made it a second late already.
    core.wheel.schedule(entry, nowMs + QUIET_MS - 1_000 - TICK_MS)
  }
}

/** Removes a lapsed entry from view. Only home may say that an instance has ended; others hide it. */
export function leave(core: PlaneCore, entry: Entry): void {
  const { life } = entry.record
  if (!life) return
  if (entry.home?.standing === 'own') evict(core, entry, life)
  else hide(core, entry)
}

function evict(core: PlaneCore, entry: Entry, life: Life): void {
  const { clock, metrics } = core.options
  const detail = lastRenewal(core, entry)
  const mark = { life: { ...life, evicted: true, tombAtMs: clock.wallMs() } }
  core.write(entry, mark, { event: 'evicted', detail, reason: 'evicted' })
  core.bury(entry, core.time.lastMs)
  metrics.evicted()
}

function lastRenewal(core: PlaneCore, entry: Entry): string {
  const atMs = lastRenewedWallMs(core, entry)
  return atMs === undefined ? 'no renewal was seen' : `last renewal ${new Date(atMs).toISOString()}`
}

/** Epoch milliseconds of the last renewal accepted here, where there was one. */
export function lastRenewedWallMs(core: PlaneCore, entry: Entry): number | undefined {
  if (entry.evidenceAtMs === UNKNOWN) return undefined
  return core.options.clock.wallMs() - (core.time.lastMs - entry.evidenceAtMs)
}

/**
 * A stall of our own loop has ended. The plane's time has left it out already; after a long
 * one the node cannot know what became of its instances, and vouches for none of them.
 */
export function onStall(core: PlaneCore, delayMs: number): void {
  const { log, metrics } = core.options
  metrics.stalled(delayMs)
  log.warn({ delayMs: Math.round(delayMs) }, 'the event loop stalled; deadlines moved')
  if (delayMs > LOST_MS) fence(core)
}

/** Vouches for nothing any more that it vouched for until now. */
function fence(core: PlaneCore): void {
  core.options.metrics.fenced()
  core.stamps.reincarnate()
  beginAgain(core)
}

/**
 * Becomes an incarnation that is later than `inc`: others have heard of one, from before the
 * wall clock went back, and would take us for it.
 */
export function outlive(core: PlaneCore, inc: number): void {
  if (core.stamps.startAfter(inc).inc > inc) beginAgain(core)
}

/** As a new incarnation: what it vouched for is there for one more ttl, for whoever gets its renewals to claim. */
function beginAgain(core: PlaneCore): void {
  core.neighbours.fenced()
  for (const entry of core.protection.forgive()) {
    entry.hideAtMs = UNKNOWN
    core.release(entry)
  }
  core.homes.review()
  const nowMs = core.time.nowMs()
  for (const entry of core.table.entries()) {
    entry.evidenceAtMs = UNKNOWN
    if (!isLive(entry.record) || entry.hidden) continue
    if (!core.isJudged(entry)) {
      if (entry.record.life.home.node === core.options.node) core.adopt(entry)
      continue
    }
    // What had a time to be hidden keeps it, or the dead would have another ttl with each stall.
    attend(core, entry, nowMs)
  }
}
