/**
 * Rules about homes taken away: who is one, how it is known to live, and what becomes of what
 * it was home of.
 *
 * @module
 */

import { HORIZON_MS } from '../src/instances/constants.ts'
import * as deadlines from '../src/instances/deadline.ts'
import { UNKNOWN, type Entry } from '../src/instances/entry.ts'
import * as lapses from '../src/instances/lapse.ts'
import * as orphans from '../src/instances/orphans.ts'
import { PlaneCore } from '../src/instances/plane-core.ts'
import { PlaneTime } from '../src/instances/plane-time.ts'
import { isLive } from '../src/instances/record.ts'
import { Isolation } from '../src/instances/replication/isolation.ts'
import { Members } from '../src/instances/replication/members.ts'
import * as receiving from '../src/instances/replication/receive.ts'
import { Replicator } from '../src/instances/replication/replicator.ts'
import * as shipping from '../src/instances/replication/shipped-record.ts'
import type { Origin } from '../src/instances/stamp.ts'
import { LOST_MS } from '../src/instances/constants.ts'
import { replace, replaceGetter } from './cluster-ablation-replace.ts'

/** A home is a node, whichever of its lives: one that restarts vouches for what its last life did. */
export function homeIsNode(): void {
  const latest = (members: Members, { node, inc }: Origin) => ({
    node,
    inc: Math.max(inc, members.incarnationOf(node)),
  })
  replace(PlaneCore.prototype, 'isOwn', () => {
    return function (this: PlaneCore, { node }) {
      return node === this.options.node
    }
  })
  replace(Members.prototype, 'standing', (original) => {
    return function (this: Members, home, nowMs) {
      return original.call(this, latest(this, home), nowMs)
    }
  })
  replace(Members.prototype, 'lostAtMs', (original) => {
    return function (this: Members, home, nowMs) {
      return original.call(this, latest(this, home), nowMs)
    }
  })
}

/** A node is heard by what it says itself, not by what others heard. */
export function noGossip(): void {
  replace(Members.prototype, 'beats', () => () => [])
}

/** Beats that are passed on count as heard now, however long they took. */
export function beatsWithoutAge(): void {
  replace(Members.prototype, 'beats', (original) => {
    return function (this: Members, nowMs) {
      return original.call(this, nowMs).map((beat) => ({ ...beat, ageMs: 0 }))
    }
  })
}

/** Whoever hears a peer again gives all it is home of another ttl: their renewals may have been lost. */
export function freshTtlAtHeal(): void {
  replace(Replicator.prototype, 'received', (original) => {
    return function (this: Replicator, node, message) {
      const { core, members } = this
      const wasLost = members.isKnown(node) && !members.isAlive(node, core.time.lastMs)
      original.call(this, node, message)
      if (!wasLost || !members.isAlive(node, core.time.lastMs)) return
      for (const entry of core.table.entries()) {
        if (entry.home?.standing !== 'own') continue
        entry.evidenceAtMs = core.time.lastMs
        deadlines.watchDeadline(core, entry)
      }
    }
  })
}

/** Who becomes home counts from then, not from the last renewal that it knows of. */
export function freshTtlAtClaim(): void {
  replace(deadlines, 'claim', (original) => (core, entry) => {
    entry.evidenceAtMs = core.time.lastMs
    original(core, entry)
  })
}

/** A stall of the own loop is time like any other. */
export function stallsCount(): void {
  const stalledMs = new WeakMap<PlaneTime, number>()
  replace(lapses, 'onStall', (original) => (core, delayMs) => {
    stalledMs.set(core.time, (stalledMs.get(core.time) ?? 0) + delayMs)
    original(core, delayMs)
  })
  replaceGetter(PlaneTime.prototype, 'lastMs', (original) => {
    return function (this: PlaneTime) {
      return original.call(this) + Math.floor(stalledMs.get(this) ?? 0)
    }
  })
}

/** A node that stood still for long goes on as if nothing had been. */
export function noFence(): void {
  replace(lapses, 'onStall', (original) => (core, delayMs) => {
    original(core, Math.min(delayMs, LOST_MS))
  })
}

/** Versions stay as old as the last claim. */
export function noRefresh(): void {
  replace(deadlines, 'isStale', () => () => false)
}

/** What is older than the horizon stays for as long as nobody ends it. */
export function noHorizonDrop(): void {
  replace(PlaneCore.prototype, 'drop', (original) => {
    return function (this: PlaneCore, entry) {
      if (isLive(entry.record)) this.wheel.schedule(entry, this.time.lastMs + HORIZON_MS)
      else original.call(this, entry)
    }
  })
}

/** Who loses a home ends what it was home of, for everybody. */
export function orphansEnd(): void {
  replace(PlaneCore.prototype, 'setHidden', (original) => {
    return function (this: PlaneCore, ...[entry, hidden, note]) {
      const { life } = entry.record
      if (!hidden || !life || !this.isJudged(entry)) {
        original.call(this, entry, hidden, note)
        return
      }
      const ver = this.stamps.next(life.ver)
      const tomb = { ...life, ver, evicted: true, tombAtMs: this.options.clock.wallMs() }
      this.write(entry, { life: tomb }, { event: 'evicted', reason: 'evicted' })
      this.bury(entry, this.time.lastMs)
    }
  })
}

/** A home that is heard again is trusted at once, whatever was missed. */
export function trustedUnsynced(): void {
  replace(Members.prototype, 'standing', (original) => {
    return function (this: Members, home, nowMs) {
      const standing = original.call(this, home, nowMs)
      return standing === 'doubted' && this.isAlive(home.node, nowMs) ? 'trusted' : standing
    }
  })
}

/** Whoever reaches a node answers for all that it has to say, also before it knows. */
export function unsyncedGuides(): void {
  replace(Members.prototype, 'known', () => (nodes) => [...nodes])
}

/** Each node finds its own time to hide an orphan. */
export function hideTimesStay(): void {
  replace(shipping, 'shippedOf', (original) => (entry, record, nowMs) => {
    const { key } = original(entry, record, nowMs)
    return { key, record }
  })
}

/** Hide times are counted from when a loss is noticed, not from the last beat. */
export function hideTimesFromNow(): void {
  replace(Members.prototype, 'lostAtMs', () => (_home, nowMs) => nowMs)
}

/** Orphans get their hide time when their home is lost, and never if they are learnt of later. */
export function hideTimesAtLossOnly(): void {
  let isReceiving = false
  replace(receiving, 'receive', (original) => (core, shipped, way) => {
    isReceiving = true
    try {
      return original(core, shipped, way)
    } finally {
      isReceiving = false
    }
  })
  replace(orphans, 'attend', (original) => (core, entry, nowMs) => {
    if (!isReceiving || entry.home?.standing !== 'lost') original(core, entry, nowMs)
  })
}

/** Who finds itself cut off shows again what it had hidden. */
export function unlatched(): void {
  replace(Replicator.prototype, 'tick', (original) => {
    return function (this: Replicator, nowMs) {
      const wasIsolated = this.isolated
      original.call(this, nowMs)
      if (wasIsolated || !this.isolated) return
      for (const entry of this.core.table.entries()) {
        if (entry.hidden) this.core.setHidden(entry, false, { event: 'shown' })
      }
    }
  })
}

/** A node that hears nobody hides what it cannot hear of. */
export function noHold(): void {
  replaceGetter(Isolation.prototype, 'isCutOff', () => () => false)
}

/** Only home has evidence against an eviction. */
export function homeAloneRefutes(): void {
  replace(receiving, 'receive', (original) => (core, shipped, way) => {
    const entry = core.table.find(shipped.key)
    if (!entry || shipped.record.life?.evicted !== true) return original(core, shipped, way)
    return withoutEvidence(entry, () => original(core, shipped, way))
  })
}

function withoutEvidence<T>(entry: Entry, act: () => T): T {
  const { evidenceAtMs } = entry
  entry.evidenceAtMs = UNKNOWN
  const done = act()
  if (isLive(entry.record)) entry.evidenceAtMs = evidenceAtMs
  return done
}

/** An older life of this node is taken for a later one of somebody. */
export function outlivesNobody(): void {
  replace(lapses, 'outlive', () => () => {})
}
