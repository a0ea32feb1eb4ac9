/**
 * Rules about records taken away: how they merge, what stamps they get, and who may write.
 *
 * @module
 */

import { FOLLOW_MS } from '../src/instances/constants.ts'
import { find } from '../src/instances/find.ts'
import { HybridClock } from '../src/instances/hybrid-clock.ts'
import { stampsOf } from '../src/instances/load.ts'
import * as merging from '../src/instances/merge.ts'
import { PlaneCore } from '../src/instances/plane-core.ts'
import { InstancePlane } from '../src/instances/plane.ts'
import type { InstanceRecord, Life } from '../src/instances/record.ts'
import { Outbox } from '../src/instances/replication/outbox.ts'
import * as receiving from '../src/instances/replication/receive.ts'
import { compareStamps, stampAt, type Stamp } from '../src/instances/stamp.ts'
import { replace } from './cluster-ablation-replace.ts'

/** A stamp moves the clock of whoever sees it, however far ahead it is. */
export function followsAny(): void {
  const followed = new WeakMap<HybridClock, Stamp>()
  replace(HybridClock.prototype, 'observe', (original) => {
    return function (this: HybridClock, at) {
      original.call(this, at)
      if (at > (followed.get(this)?.at ?? 0)) followed.set(this, { at, by: this.origin })
    }
  })
  replace(HybridClock.prototype, 'next', (original) => {
    return function (this: HybridClock, ...previous) {
      return original.call(this, ...previous, followed.get(this))
    }
  })
}

/** What is stamped more than a minute ahead is refused. */
export function refusesAhead(): void {
  replace(receiving, 'receive', (original) => (core, shipped, way) => {
    const lastStamp = stampAt(core.options.clock.wallMs() + FOLLOW_MS)
    if (stampsOf(shipped.record).some((at) => at > lastStamp)) return 'future'
    return original(core, shipped, way)
  })
}

/** A record is one thing with one version: whoever writes any of it writes all of it. */
export function oneWhole(): void {
  replace(merging, 'merge', () => (left, right) => {
    if (!left.life || !right.life) return right.life ? right : left
    if (merging.compareLives(left.life, right.life) >= 0) return left
    return { ...right, content: right.content ?? left.content }
  })
  replace(PlaneCore.prototype, 'write', (original) => {
    return function (this: PlaneCore, ...[entry, parts, note]) {
      const { life, content, override } = entry.record
      const ver = life && this.stamps.next(life.ver)
      const whole = { content, override, ...parts }
      if (!parts.life && life && ver)
        original.call(this, entry, { ...whole, life: { ...life, ver } }, note)
      else original.call(this, entry, whole, note)
    }
  })
  replace(Outbox.prototype, 'add', (original) => {
    return function (this: Outbox, entry) {
      original.call(this, entry, false)
    }
  })
}

/** An eviction is a version of its own, later than what it ends. */
export function evictionOutranks(): void {
  replace(PlaneCore.prototype, 'write', (original) => {
    return function (this: PlaneCore, ...[entry, parts, note]) {
      const { life } = parts
      if (life?.evicted !== true) original.call(this, entry, parts, note)
      else
        original.call(
          this,
          entry,
          { ...parts, life: { ...life, ver: this.stamps.next(life.ver) } },
          note,
        )
    }
  })
}

/** Lives are not told apart: the later version wins, cancelled or not. */
export function byVersionAlone(): void {
  replace(merging, 'merge', () => mergeByVersion)
}

function mergeByVersion(left: InstanceRecord, right: InstanceRecord): InstanceRecord {
  const life = later(left.life, right.life, compareVersions)
  const content = later(left.content, right.content, (one, other) =>
    compareStamps(one.cver, other.cver),
  )
  const override = later(left.override, right.override, (one, other) =>
    compareStamps(one.over, other.over),
  )
  if (life === left.life && content === left.content && override === left.override) return left
  return { life, content, override }
}

function compareVersions(left: Life, right: Life): number {
  return compareStamps(left.ver, right.ver) || Number(left.evicted) - Number(right.evicted)
}

function later<T>(
  left: T | null,
  right: T | null,
  compare: (left: T, right: T) => number,
): T | null {
  if (left === null || right === null) return left ?? right
  return compare(left, right) >= 0 ? left : right
}

/** Clients do not say which process they are. */
export function noSessions(): void {
  replace(InstancePlane.prototype, 'register', (original) => {
    return function (this: InstancePlane, request) {
      return original.call(this, { ...request, session: undefined })
    }
  })
  replace(InstancePlane.prototype, 'renew', (original) => {
    return function (this: InstancePlane, ref, evidence) {
      return original.call(this, ref, { ...evidence, session: undefined })
    }
  })
  replace(InstancePlane.prototype, 'cancel', (original) => {
    return function (this: InstancePlane, ...[ref, , spreading]) {
      original.call(this, ref, undefined, spreading)
    }
  })
}

/** Only a word that is later than what stands is asked for again. */
export function laterWordsAlone(): void {
  replace(InstancePlane.prototype, 'renew', (original) => {
    return function (this: InstancePlane, ref, { content, ...evidence } = {}) {
      const standsAt = find(this.core, ref)?.record.content?.cver.at ?? 0
      const isLater = content !== undefined && content > standsAt
      return original.call(this, ref, { ...evidence, ...(isLater && { content }) })
    }
  })
}

/** Clients do not say what they registered last. */
export function noContentAtRenewal(): void {
  replace(InstancePlane.prototype, 'renew', (original) => {
    return function (this: InstancePlane, ref, evidence) {
      return original.call(this, ref, { ...evidence, content: undefined })
    }
  })
}
