/**
 * What happens by itself: deadlines pass, homes are lost, records grow old, the loop stalls.
 *
 * @module
 */

import { HORIZON_MS, LOST_MS, VISITS_PER_TICK } from './constants.ts'
import { UNKNOWN, type Entry } from './entry.ts'
import type { PlaneCore } from './plane-core.ts'
import { isLive, type Life } from './record.ts'
import { wallMsOf } from './stamp.ts'

/** Looks at what fell due, and lets protection decide about what lapsed. */
export function sweep(core: PlaneCore): void {
  const nowMs = core.time.nowMs()
  core.wheel.sweep(nowMs, VISITS_PER_TICK, (entry) => {
    fallDue(core, entry, nowMs)
  })
  core.protection.settle(nowMs)
}

function fallDue(core: PlaneCore, entry: Entry, nowMs: number): void {
  const { record } = entry
  if (!isLive(record)) core.drop(entry)
  else if (entry.hidden) dropWhenOld(core, entry)
  else core.protection.lapse(entry, nowMs)
}

/** Removes a lapsed entry from view. Only home may say that an instance has ended; others hide it. */
export function leave(core: PlaneCore, entry: Entry): void {
  const { life } = entry.record
  if (!life) return
  entry.heldSinceMs = 0
  if (core.isHome(entry)) evict(core, entry, life)
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

function hide(core: PlaneCore, entry: Entry): void {
  const home = entry.record.life?.home.node ?? ''
  const detail = `its home "${home}" is lost and nobody claimed it`
  core.setHidden(entry, true, { event: 'hidden', detail, reason: 'hidden' })
  core.wheel.schedule(entry, core.time.lastMs + ageLeftMs(core, entry))
  core.options.metrics.hidden()
}

function dropWhenOld(core: PlaneCore, entry: Entry): void {
  const left = ageLeftMs(core, entry)
  if (left <= 0) core.drop(entry)
  else core.wheel.schedule(entry, core.time.lastMs + left)
}

/** How long until a live record that nobody refreshes is nobody's truth any more. */
function ageLeftMs(core: PlaneCore, { record }: Entry): number {
  if (!record.life) return 0
  return wallMsOf(record.life.ver) + HORIZON_MS - core.options.clock.wallMs()
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

/** Becomes a new incarnation: every instance is there for one more ttl, for whoever gets its renewals to claim. */
function fence(core: PlaneCore): void {
  const { origin } = core.stamps
  core.options.metrics.fenced()
  core.stamps.reincarnate()
  for (const entry of core.protection.forgive()) core.release(entry)
  const nowMs = core.time.nowMs()
  for (const entry of core.table.entries()) {
    const { record } = entry
    if (!isLive(record) || entry.hidden) continue
    entry.evidenceAtMs = UNKNOWN
    if (core.isJudged(entry)) core.wheel.schedule(entry, nowMs + record.content.ttlMs)
    else if (record.life.home === origin) core.adopt(entry)
  }
}
