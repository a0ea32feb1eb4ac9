/**
 * A record arrives that another node wrote or passed on.
 *
 * @module
 */

import { DISCOVERY_SERVICE } from '../../model/vocabulary.ts'
import { HORIZON_MS, MEMBER_HORIZON_MS, REFUSE_MS } from '../constants.ts'
import { claim, watchDeadline } from '../deadline.ts'
import { UNKNOWN, type Entry } from '../entry.ts'
import { stampsOf } from '../load.ts'
import { merge } from '../merge.ts'
import { attend, hide } from '../orphans.ts'
import type { ChangeNote, PlaneCore } from '../plane-core.ts'
import { isLive, POLICY_ID, vouched, type InstanceRecord } from '../record.ts'
import { stampAt, wallMsOf } from '../stamp.ts'
import type { ShippedRecord } from './messages.ts'
import type { RecordRefusalCause } from './replication-metrics.ts'

/** What became of a record. `incomplete`: parts of it that were left out are not known here. */
export type Reception = 'merged' | 'known' | 'incomplete' | RecordRefusalCause

/** How records come in. */
export interface Way {
  /** They happen now; those of a sync were there before. */
  readonly isNews: boolean
  /** This node boots: what a peer decided about an orphan counts more than what it thinks itself. */
  readonly isBooting: boolean
  /** Takes what is known here of an instance's life to its new home. */
  readonly handOver: (entry: Entry, evidenceAtMs: number) => void
}

/**
 * Merges a record in. Evidence of life that is younger than its ttl refutes an eviction, which
 * nobody here ever sees.
 */
export function receive(core: PlaneCore, shipped: ShippedRecord, way: Way): Reception {
  const { key, record } = shipped
  const nowMs = core.time.lastMs
  const refusal = refuse(core, shipped)
  if (refusal) return refusal
  const known = core.table.find(key)
  if (!known && isPartial(record)) return 'incomplete'
  for (const at of stampsOf(record)) core.stamps.observe(at)
  const entry = known ?? core.table.take(key, core.feed.revision)
  const before = entry.record
  const merged = merge(before, record)
  if (merged === before) {
    if (way.isBooting && takeMarks(core, entry, shipped)) attend(core, entry, nowMs)
    return isPartial(before) ? 'incomplete' : 'known'
  }
  if (refutes(entry, merged, nowMs)) refute(core, entry, merged)
  else settle(core, { entry, merged, shipped, wasKnown: known !== undefined }, way)
  return isPartial(entry.record) ? 'incomplete' : 'merged'
}

function refuse(core: PlaneCore, { key, record }: ShippedRecord): Reception | undefined {
  const { clock, limits } = core.options
  const wallMs = clock.wallMs()
  const lastStamp = stampAt(wallMs + REFUSE_MS)
  if (stampsOf(record).some((at) => at > lastStamp)) return 'future'
  const { life } = record
  if (!life) return undefined
  const horizonMs = key.service === DISCOVERY_SERVICE ? MEMBER_HORIZON_MS : HORIZON_MS
  const isOver = life.cancelled || life.evicted
  const sinceMs = isOver ? life.tombAtMs : wallMsOf(life.ver)
  if (wallMs - sinceMs > horizonMs) return 'old'
  if (isOver || core.liveCount < limits.instancesMax) return undefined
  const known = core.table.find(key)
  return known && isLive(known.record) ? undefined : 'limit'
}

/** A life that has not ended, of which nobody has told what it is. */
function isPartial({ life, content }: InstanceRecord): boolean {
  return life !== null && !life.cancelled && !life.evicted && content === null
}

function refutes({ record, evidenceAtMs }: Entry, merged: InstanceRecord, nowMs: number): boolean {
  if (!isLive(record) || merged.life?.evicted !== true || merged.life.cancelled) return false
  return evidenceAtMs !== UNKNOWN && nowMs - evidenceAtMs < record.content.ttlMs
}

/** Becomes home of an instance that another declared dead, although its renewal is known here. */
function refute(core: PlaneCore, entry: Entry, merged: InstanceRecord): void {
  const { life } = merged
  if (!life) return
  const alive = { ...life, evicted: false, tombAtMs: 0 }
  const ver = core.stamps.next(life.ver)
  core.neighbours.forget(entry)
  entry.hideAtMs = UNKNOWN
  core.write(
    entry,
    { ...merged, life: vouched(alive, ver, core.stamps.origin) },
    { event: 'refuted', detail: `node "${life.home.node}" had not heard of its renewal` },
  )
  if (entry.hidden) core.reveal(entry, core.time.lastMs)
  watchDeadline(core, entry)
}

interface Arrival {
  readonly entry: Entry
  readonly merged: InstanceRecord
  readonly shipped: ShippedRecord
  readonly wasKnown: boolean
}

function settle(
  core: PlaneCore,
  { entry, merged, shipped, wasKnown }: Arrival,
  { isNews, isBooting, handOver }: Way,
): void {
  const before = entry.record
  const nowMs = core.time.lastMs
  const wasOwn = entry.home?.standing === 'own'
  const lifeChanged = merged.life !== before.life
  if (lifeChanged) entry.hideAtMs = UNKNOWN
  if (merged.life?.evicted === true && isLive(before)) core.protection.lostElsewhere(entry, nowMs)
  if (isNews && !isLive(before) && isLive(merged)) entry.bornAtMs = nowMs
  if (wasOwn && lifeChanged) core.protection.recover(entry)
  core.admit(entry, merged, noteOf(before, merged))
  if (!isLive(merged)) {
    end(core, entry)
    return
  }
  // What was decided about it was about its former life.
  if (lifeChanged && entry.hidden) core.reveal(entry, nowMs)
  if (entry.home?.standing === 'own') own(core, entry, nowMs)
  else {
    if (wasOwn) {
      core.release(entry)
      if (entry.evidenceAtMs !== UNKNOWN) handOver(entry, entry.evidenceAtMs)
    }
    if (!wasKnown || isBooting) takeMarks(core, entry, shipped)
    attend(core, entry, nowMs)
  }
}

function end(core: PlaneCore, entry: Entry): void {
  const { life } = entry.record
  core.neighbours.forget(entry)
  entry.hidden = false
  if (!life) {
    watchPolicy(core, entry)
    return
  }
  const ageMs = core.options.clock.wallMs() - life.tombAtMs
  core.bury(entry, core.time.lastMs, Math.min(HORIZON_MS, HORIZON_MS - ageMs))
}

/** An operator's word on a service is forgotten with the last of it; if none comes, it goes alone. */
function watchPolicy(core: PlaneCore, entry: Entry): void {
  if (entry.id !== POLICY_ID || entry.service.records > entry.service.withId(POLICY_ID).length)
    return
  core.wheel.schedule(entry, core.time.lastMs + HORIZON_MS)
}

/** The others think that this node, in its present life, is home. It is. */
function own(core: PlaneCore, entry: Entry, nowMs: number): void {
  if (entry.evidenceAtMs === UNKNOWN) entry.evidenceAtMs = nowMs
  watchDeadline(core, entry)
}

/** Takes over how long an orphan is still shown, or it would be shown for another ttl at each node that learns of it. */
function takeMarks(core: PlaneCore, entry: Entry, { orphan }: ShippedRecord): boolean {
  const standing = entry.home?.standing
  if (!orphan || standing === undefined || standing === 'trusted' || standing === 'own')
    return false
  entry.hideAtMs = Math.max(0, core.time.lastMs + orphan.hideInMs)
  if (orphan.hidden) hide(core, entry)
  return true
}

function noteOf(
  before: InstanceRecord,
  { life, content, override }: InstanceRecord,
): ChangeNote | undefined {
  if (life && life !== before.life) {
    const detail = `at node "${life.ver.by.node}"`
    if (life.cancelled) return { event: 'cancelled', detail, reason: 'cancelled' }
    if (life.evicted) return { event: 'evicted', detail, reason: 'evicted' }
    if (!isLive(before)) return { event: 'registered', detail }
    if (life.gen.at !== before.life.gen.at) return { event: 'replaced', detail }
    if (life.home.node !== before.life.home.node) return { event: 'claimed', detail }
  }
  if (content && content !== before.content) {
    return { event: 'content_set', detail: `at node "${content.cver.by.node}"` }
  }
  if (!override || override === before.override) return undefined
  return override.value === null
    ? { event: 'override_lifted' }
    : { event: 'override_set', detail: override.value }
}

/** Takes a renewal that another node accepted. Answers whether it is to be passed on to its home. */
export function receiveRenewal(core: PlaneCore, entry: Entry, renewedAtMs: number): boolean {
  if (!isLive(entry.record) || !core.isJudged(entry)) return false
  if (entry.home?.standing !== 'own') return true
  if (renewedAtMs <= entry.evidenceAtMs) return false
  core.renewed(entry, renewedAtMs)
  watchDeadline(core, entry)
  return false
}

/** Claims what a renewal could not be brought home for. */
export function claimRenewed(core: PlaneCore, entry: Entry): void {
  if (isLive(entry.record) && entry.home?.standing !== 'own') claim(core, entry)
}
