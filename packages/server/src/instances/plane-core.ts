/**
 * The state of the instance plane and the few moves that keep its parts in step. The
 * operations beside this file say *when* a record changes; this says what else must then be
 * true: counts, the change feed, the wheel, protection.
 *
 * Everything is synchronous. Time, randomness and the logger are given.
 *
 * @module
 */

import { invariant, type Clock, type Logger, type Random } from '@rollcall/runtime'
import { limitExceeded } from '@rollcall/protocol/errors'
import type { InstanceKey } from '../model/instance-key.ts'
import {
  DISCOVERY_SERVICE,
  type HistoryEventName,
  type RemovalReason,
} from '../model/vocabulary.ts'
import { ChangeFeed } from './change-feed.ts'
import { HORIZON_MS, MEMBER_HORIZON_MS, QUIET_MS } from './constants.ts'
import { Digest } from './digest.ts'
import { UNKNOWN, type Entry } from './entry.ts'
import { sameFacts } from './facts.ts'
import { remember } from './history.ts'
import { Homes, type Standing } from './homes.ts'
import { HybridClock } from './hybrid-clock.ts'
import type { InstanceMetrics } from './instance-metrics.ts'
import { merge } from './merge.ts'
import { NOBODY, type Neighbours } from './neighbours.ts'
import { PlaneTime } from './plane-time.ts'
import { Protection } from './protection.ts'
import { isLive, POLICY_ID, vouched, type Content, type InstanceRecord } from './record.ts'
import { wallMsOf, type Origin } from './stamp.ts'
import { Table } from './table.ts'
import { TimingWheel } from './timing-wheel.ts'

export interface PlaneLimits {
  /** Instances that have a life, on this node. */
  readonly instancesMax: number
  /** Ended lives remembered; beyond it the oldest is forgotten early. */
  readonly tombstonesMax: number
  readonly changeRingSize: number
  readonly defaultTtlMs: number
}

export interface PlaneOptions {
  /** The node's id. */
  readonly node: string
  readonly env: string
  readonly zone: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: InstanceMetrics
  readonly limits: PlaneLimits
}

/** What a change is remembered as, and why the instance went if it did. */
export interface ChangeNote {
  readonly event: HistoryEventName
  readonly detail?: string
  readonly reason?: RemovalReason
}

export class PlaneCore {
  readonly options: PlaneOptions
  readonly table = new Table()
  readonly time: PlaneTime
  readonly stamps: HybridClock
  readonly wheel: TimingWheel<Entry>
  readonly feed: ChangeFeed
  readonly protection: Protection
  readonly homes: Homes
  readonly digest = new Digest()
  /** False while something is done that the caller spreads itself. */
  spreads = true
  /** Set once, before the plane is used, where there are other nodes. */
  neighbours: Neighbours = NOBODY
  /** Ended lives, oldest first. */
  readonly tombstones = new Set<Entry>()
  liveCount = 0
  shownCount = 0
  /** Services with something to show. */
  shownServices = 0
  /** Counts every write, so that a snapshot knows whether anything changed since the last. */
  writes = 0
  #feedOrigin: Origin

  constructor(options: PlaneOptions, { onStall, leave }: PlaneReactions) {
    const { node, clock, random, limits } = options
    this.options = options
    this.time = new PlaneTime(clock, onStall)
    this.stamps = new HybridClock(node, clock)
    this.#feedOrigin = this.stamps.origin
    this.wheel = new TimingWheel(this.time.nowMs())
    this.feed = new ChangeFeed({ clock, ringSize: limits.changeRingSize })
    this.homes = new Homes((origin) => this.#standingOf(origin))
    this.protection = new Protection({
      clock,
      random,
      defaultTtlMs: limits.defaultTtlMs,
      isShared: () => this.homes.areShared,
      leave,
      hold: (entry) => {
        this.hold(entry)
      },
    })
  }

  /** Names this process in resume tokens: unlike home's incarnation it outlives a stall. */
  get feedOrigin(): Origin {
    return this.#feedOrigin
  }

  /** Starts over after what an earlier life of this node had reached: the first thing that is done to a plane. */
  startAfter(lastStamp: number): void {
    invariant(this.writes === 0, 'a plane that is in use does not start over')
    this.#feedOrigin = this.stamps.startAfter(lastStamp)
  }

  /** Whether this incarnation holds the entry's deadline. */
  isHome(entry: Entry): boolean {
    const home = entry.record.life?.home
    return home !== undefined && this.isOwn(home)
  }

  /** Whether an origin is this node in its present life. */
  isOwn({ node, inc }: Origin): boolean {
    const { origin } = this.stamps
    return inc === origin.inc && node === origin.node
  }

  /** Finds the entry for a new life, or makes one if there is room. Throws `limit_exceeded`. */
  takeForLife(key: InstanceKey): Entry {
    const { instancesMax } = this.options.limits
    const found = this.table.find(key)
    if (this.liveCount >= instancesMax && !(found && isLive(found.record))) {
      throw limitExceeded('instances', instancesMax, this.liveCount + 1)
    }
    return found ?? this.table.take(key, this.feed.revision)
  }

  /** Merges a write of this node into an entry, and lets the others know. */
  write(entry: Entry, parts: Partial<InstanceRecord>, note?: ChangeNote): void {
    const { life = null, content = null, override = null } = parts
    this.admit(entry, merge(entry.record, { life, content, override }), note)
    if (this.spreads) this.neighbours.wrote(entry, content === null && override === null)
  }

  /**
   * Gives an entry a merged record and does what follows from it: counts, its home's group,
   * the digest, protection's membership, history, and a change if clients now see something
   * else.
   */
  admit(entry: Entry, record: InstanceRecord, note?: ChangeNote): void {
    this.#alter(entry, note?.reason, () => {
      entry.record = record
    })
    if (note) this.remember(entry, note)
    this.writes += 1
  }

  /** Latches an entry as hidden, or shows it again. */
  setHidden(entry: Entry, hidden: boolean, note: ChangeNote): void {
    if (entry.hidden === hidden) return
    this.#alter(entry, note.reason, () => {
      entry.hidden = hidden
    })
    this.remember(entry, note)
    this.writes += 1
  }

  /** Shows a hidden entry again: somebody vouches for it. It makes its own loss good. */
  reveal(entry: Entry, nowMs: number): void {
    entry.bornAtMs = nowMs
    this.setHidden(entry, false, { event: 'shown' })
  }

  /** Becomes home of the node's own instance after a new incarnation. */
  adopt(entry: Entry): void {
    const { life } = entry.record
    if (!life) return
    const ver = this.stamps.next(life.ver)
    this.write(entry, { life: vouched(life, ver, this.stamps.origin) })
  }

  /** Takes a sign of life: it is held no longer, and has been seen now. */
  renewed(entry: Entry, nowMs: number): void {
    entry.evidenceAtMs = nowMs
    if (entry.heldSinceMs === 0 && !this.protection.isHeld(entry)) return
    this.protection.recover(entry)
    if (entry.heldSinceMs > 0) this.remember(entry, { event: 'renewed_while_held' })
    this.release(entry)
  }

  /** Marks an entry as no longer held, a visible change. */
  release(entry: Entry): void {
    if (entry.heldSinceMs === 0) return
    this.#alter(entry, undefined, () => {
      entry.heldSinceMs = 0
    })
  }

  /** Marks an entry as held by protection, a visible change. */
  hold(entry: Entry, detail?: string): void {
    this.#alter(entry, undefined, () => {
      entry.heldSinceMs = this.options.clock.wallMs()
    })
    this.remember(entry, detail === undefined ? { event: 'held' } : { event: 'held', detail })
  }

  /** Marks an entry as kept because this node is cut off, a visible change. */
  isolate(entry: Entry): void {
    entry.service.isolated ??= new Set()
    entry.service.isolated.add(entry)
    this.hold(entry, 'this node is cut off from its home')
  }

  /**
   * Puts an ended life where it waits for the horizon, and the oldest out when there are too
   * many. `leftMs`: until it may be forgotten.
   */
  bury(entry: Entry, nowMs: number, leftMs = HORIZON_MS): void {
    this.tombstones.delete(entry)
    this.tombstones.add(entry)
    this.wheel.schedule(entry, nowMs + Math.max(0, leftMs - QUIET_MS))
    if (this.tombstones.size <= this.options.limits.tombstonesMax) return
    const [oldest] = this.tombstones
    if (oldest) this.drop(oldest)
  }

  /** Forgets a record. Clients do not see it any more, or this is the moment that they stop. */
  drop(entry: Entry): void {
    if (entry.isShown()) this.setHidden(entry, true, { event: 'hidden', reason: 'hidden' })
    if (isLive(entry.record)) this.liveCount -= 1
    this.neighbours.forget(entry)
    this.homes.place(entry, undefined)
    this.digest.remove(entry, this.time.lastMs)
    this.wheel.cancel(entry)
    this.tombstones.delete(entry)
    this.table.drop(entry)
    this.writes += 1
    const policies = entry.service.withId(POLICY_ID)
    if (entry.service.records === policies.length) {
      for (const policy of policies) {
        this.digest.remove(policy, this.time.lastMs)
        this.table.drop(policy)
      }
    }
  }

  remember(entry: Entry, { event, detail }: ChangeNote): void {
    const atMs = this.options.clock.wallMs()
    const seen = detail === undefined ? { atMs, event } : { atMs, event, detail }
    entry.history = remember(entry.history, seen)
  }

  /** The registry's own instances never lapse, and count in no loss. */
  isJudged(entry: Entry): boolean {
    return entry.service.name !== DISCOVERY_SERVICE
  }

  #standingOf(origin: Origin): Standing {
    return this.isOwn(origin) ? 'own' : this.neighbours.standing(origin)
  }

  /** Whether this node judges its lapse: as its home, or because nobody else can. */
  judges(entry: Entry): boolean {
    const { home } = entry
    if (!home || !this.isJudged(entry)) return false
    const { node } = home.origin
    return home.standing === 'own' || node === this.options.node || !this.neighbours.isKnown(node)
  }

  /** Keeps protection's two sets to what is shown, and to what this node vouches for. */
  account(entry: Entry): void {
    const isCounted = entry.isShown() && this.isJudged(entry)
    if (!isCounted && entry.countedIn === 0) return
    const ttlMs = entry.record.content?.ttlMs ?? 0
    const isOurs = isCounted && this.judges(entry)
    this.protection.count(entry, { isCounted, isOurs, ttlMs }, this.time.lastMs)
  }

  /** What hangs on the record besides what clients see. */
  #follow(entry: Entry, before: InstanceRecord): void {
    const { record } = entry
    if (record !== before) {
      this.homes.place(entry, isLive(record) ? record.life.home : undefined)
      const nowMs = this.time.lastMs
      if (entry.inDigest) this.digest.replace(entry, before, nowMs)
      if (this.isFading(entry)) this.digest.remove(entry, nowMs)
      else this.digest.add(entry, nowMs)
    }
    if (!entry.isShown()) entry.heldSinceMs = 0
    if (entry.heldSinceMs === 0) entry.service.isolated?.delete(entry)
    this.account(entry)
  }

  /** How long until a record that nobody refreshes is nobody's truth any more. */
  ageLeftMs(entry: Entry): number {
    const { life } = entry.record
    if (!life) return Number.POSITIVE_INFINITY
    const sinceMs = life.tombAtMs > 0 ? life.tombAtMs : wallMsOf(life.ver)
    const isMember = !this.isJudged(entry) && isLive(entry.record)
    return sinceMs + (isMember ? MEMBER_HORIZON_MS : HORIZON_MS) - this.options.clock.wallMs()
  }

  /** Whether a record is so old that it is left out of what nodes compare. */
  isFading(entry: Entry): boolean {
    return this.ageLeftMs(entry) <= QUIET_MS
  }

  #alter(entry: Entry, reason: RemovalReason | undefined, change: () => void): void {
    const before = { record: entry.record, shown: entry.isShown(), heldMs: entry.heldSinceMs }
    const wasLive = isLive(entry.record)
    const { service } = entry
    const shownBefore = service.shownCount
    service.count(entry, -1)
    change()
    service.count(entry, 1)
    this.shownServices += Number(service.shownCount > 0) - Number(shownBefore > 0)
    const live = isLive(entry.record)
    const shown = entry.isShown()
    this.#follow(entry, before.record)
    this.liveCount += Number(live) - Number(wasLive)
    this.shownCount += Number(shown) - Number(before.shown)
    if (live) this.tombstones.delete(entry)
    else if (wasLive) entry.evidenceAtMs = UNKNOWN
    const looksSame =
      entry.heldSinceMs === before.heldMs && sameToClients(before.record, entry.record)
    if (shown === before.shown && (!shown || looksSame)) return
    this.feed.append(entry, shown ? undefined : reason)
    this.options.metrics.changed()
  }
}

export interface PlaneReactions {
  readonly onStall: (delayMs: number) => void
  readonly leave: (entry: Entry) => void
}

/** Claims and refreshes touch the life alone, which clients are not shown. */
function sameToClients(before: InstanceRecord, after: InstanceRecord): boolean {
  return (
    sameContent(before.content, after.content) &&
    (before.override?.value ?? null) === (after.override?.value ?? null)
  )
}

/** Two nodes may have taken the same registration at once; only who wrote it differs then. */
function sameContent(before: Content | null, after: Content | null): boolean {
  if (before === after) return true
  if (before === null || after?.cver.at !== before.cver.at) return false
  const { registeredAtMs, upSinceMs } = before
  const sameTimes = registeredAtMs === after.registeredAtMs && upSinceMs === after.upSinceMs
  return sameTimes && sameFacts(before, after)
}
