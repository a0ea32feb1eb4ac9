/**
 * How what was on disk enters the plane: every instance is there for one full ttl, for
 * whoever gets its renewals to claim. Its home was an earlier life of a node, so nobody
 * vouches for it until then.
 *
 * @module
 */

import type { InstanceKey } from '../model/instance-key.ts'
import { DISCOVERY_SERVICE } from '../model/vocabulary.ts'
import { REFUSE_MS } from './constants.ts'
import { attend } from './orphans.ts'
import { UNKNOWN } from './entry.ts'
import type { PlaneCore } from './plane-core.ts'
import { isLive, POLICY_ID, type InstanceRecord } from './record.ts'
import { stampAt } from './stamp.ts'

/** One record with its name, as it is kept outside the table. */
export interface StoredInstance {
  readonly key: InstanceKey
  readonly record: InstanceRecord
}

/** What became of the records that were to be loaded. */
export interface LoadTally {
  readonly loaded: number
  /** Stamped too far ahead of our wall clock, or not for the disk to say. */
  readonly refused: number
  /** There was no room: see `instancesMax`. */
  readonly leftOut: number
}

/** Merges records in, by the rules that hold for everything that comes from elsewhere. */
export function load(core: PlaneCore, instances: Iterable<StoredInstance>): LoadTally {
  const nowMs = core.time.nowMs()
  const lastStamp = stampAt(core.options.clock.wallMs() + REFUSE_MS)
  const tally = { loaded: 0, refused: 0, leftOut: 0 }
  for (const instance of instances) {
    if (!isWelcome(instance, lastStamp)) tally.refused += 1
    else if (!hasRoom(core, instance)) tally.leftOut += 1
    else {
      admit(core, instance, nowMs)
      tally.loaded += 1
    }
  }
  return tally
}

/** Lives and policies are; the registry's own instances are not, since each node registers itself anew. */
function isWelcome({ key, record }: StoredInstance, lastStamp: number): boolean {
  if (key.service === DISCOVERY_SERVICE) return false
  if (!isLive(record) && !(key.id === POLICY_ID && record.override)) return false
  return stampsOf(record).every((at) => at <= lastStamp)
}

function hasRoom(core: PlaneCore, { key, record }: StoredInstance): boolean {
  if (!isLive(record) || core.liveCount < core.options.limits.instancesMax) return true
  const known = core.table.find(key)
  return known !== undefined && isLive(known.record)
}

function admit(core: PlaneCore, { key, record }: StoredInstance, nowMs: number): void {
  for (const at of stampsOf(record)) core.stamps.observe(at)
  const entry = core.table.take(key, core.feed.revision)
  entry.bornAtMs = UNKNOWN
  core.write(entry, record, { event: 'loaded' })
  if (!entry.home || entry.home.standing === 'own') return
  entry.hideAtMs = UNKNOWN
  attend(core, entry, nowMs)
}

/** Every stamp of a record, and the incarnation of its home. */
export function stampsOf({ life, content, override }: InstanceRecord): number[] {
  const stamps: number[] = []
  if (life) stamps.push(life.gen.at, life.ver.at, life.home.inc)
  if (content) stamps.push(content.gen.at, content.cver.at)
  if (override) stamps.push(override.over.at)
  return stamps
}
