/**
 * Judges the losses of one set of instances, a service or all that this node vouches for:
 * how many of those whose deadline has passed may leave now?
 *
 * What lapses in a deployment or a crash is small beside what was there, or made good by
 * what newly registered. What lapses because a network broke is large. So only *net* loss
 * beyond a share of the size before counts as a mass lapse, and the larger it is, the slower
 * the set is let go: `SPEC.md` has the table.
 *
 * @module
 */

import { LOSS_FREE, LOSS_RATIO, PROTECTED_SIZE_MIN, RELEASE_MS } from './constants.ts'
import { UNKNOWN, type Entry } from './entry.ts'
import { SlidingCount } from './sliding-count.ts'
import { SlidingMax } from './sliding-max.ts'
import type { Stamp } from './stamp.ts'

export interface LossSetOptions {
  /** The ttl of its members; the memory of the set is twice that. */
  readonly ttlMs: number
  /** Longest that it protects, from the ttl. */
  readonly ceilingMs: (ttlMs: number) => number
}

/** All lapsed members may leave. */
export const ALL = Number.POSITIVE_INFINITY

export class LossSet {
  /** Members whose deadline has passed and that have not left. */
  readonly held = new Set<Entry>()
  /** The last word of an operator that ended the protection of what was held, once it was heard. */
  endedBy: Stamp | undefined
  readonly #ceilingMs: (ttlMs: number) => number
  #ttlMs: number
  #size = 0
  #sizes: SlidingMax
  #newcomers: SlidingCount
  #left: SlidingCount
  #leftThisTtl: SlidingCount
  #lastLapseMs = 0
  /** Set while the set is protected; with it the reference is frozen, and no loss is forgotten. */
  #protected: { readonly sinceMs: number; readonly reference: number; left: number } | undefined
  #release: { readonly fromMs: number; readonly count: number; released: number } | undefined

  constructor({ ttlMs, ceilingMs }: LossSetOptions) {
    this.#ceilingMs = ceilingMs
    this.#ttlMs = ttlMs
    this.#sizes = new SlidingMax(2 * ttlMs)
    this.#newcomers = new SlidingCount(2 * ttlMs)
    this.#left = new SlidingCount(2 * ttlMs)
    this.#leftThisTtl = new SlidingCount(ttlMs)
  }

  get size(): number {
    return this.#size
  }

  /**
   * Remembers for as long as the longest-lived member needs. What is known of losses and
   * sizes is carried over; newcomers are forgotten, which only protects more.
   */
  fit(ttlMs: number, nowMs: number): void {
    if (ttlMs <= this.#ttlMs) return
    const [largest, left, leftThisTtl] = [this.#sizes, this.#left, this.#leftThisTtl]
    this.#ttlMs = ttlMs
    this.#sizes = new SlidingMax(2 * ttlMs)
    this.#sizes.note(nowMs, largest.max(nowMs))
    this.#sizes.note(nowMs, this.#size)
    this.#newcomers = new SlidingCount(2 * ttlMs)
    this.#left = new SlidingCount(2 * ttlMs)
    this.#left.add(nowMs, left.total(nowMs))
    this.#leftThisTtl = new SlidingCount(ttlMs)
    this.#leftThisTtl.add(nowMs, leftThisTtl.total(nowMs))
  }

  /** Counts a member in. A new life makes good for a loss; one that was only found again does not. */
  join(nowMs: number, newcomer: boolean): void {
    if (newcomer) this.#newcomers.add(nowMs)
    this.#resize(nowMs, 1)
  }

  /** Counts out a member that was cancelled, or that nobody vouches for here any more. */
  quit(entry: Entry, nowMs: number): void {
    this.held.delete(entry)
    this.#uncount(entry, nowMs)
    this.#resize(nowMs, -1)
    this.#close()
  }

  /** A member is no newcomer any more. */
  age(entry: Entry, nowMs: number): void {
    this.#uncount(entry, nowMs)
  }

  /** A member's deadline has passed. Something that just came and went makes no loss good. */
  lapse(entry: Entry, nowMs: number): void {
    this.held.add(entry)
    this.#uncount(entry, nowMs)
    this.#lastLapseMs = nowMs
  }

  /** A lapsed member showed a sign of life. */
  recover(entry: Entry): void {
    this.held.delete(entry)
    this.#close()
  }

  /**
   * A lapsed member leaves. `overruled`: an operator wanted it, so it is not held against the
   * rest; nor is what the ceiling let go, or the next to die would be kept for it.
   */
  leave(entry: Entry, nowMs: number, overruled: boolean): void {
    this.held.delete(entry)
    if (this.#release) this.#release.released += 1
    else if (!overruled) {
      this.#left.add(nowMs)
      this.#leftThisTtl.add(nowMs)
      if (this.#protected) this.#protected.left += 1
    }
    this.#resize(nowMs, -1)
    this.#close()
  }

  /** Forgets that anything lapsed: after a long stall nobody's deadline means anything. */
  forgive(): void {
    this.held.clear()
    this.#close()
  }

  /** How many of the held may leave now. Starts and ends protection. */
  allowance(nowMs: number): number {
    const reference = this.#protected?.reference ?? this.#sizes.max(nowMs)
    if (reference < PROTECTED_SIZE_MIN) return ALL
    if (this.#release) return this.#releasable(nowMs)
    const net = this.#netLoss(nowMs)
    if (net <= Math.max(LOSS_RATIO * reference, LOSS_FREE) || this.#isOver(nowMs, reference)) {
      // Said at once and not when the last has left: another set may keep that one for long,
      // and the next loss must not find the ceiling of this one.
      this.#protected = undefined
      return ALL
    }
    this.#protected ??= { sinceMs: nowMs, reference, left: this.#left.total(nowMs) }
    if (nowMs - this.#protected.sinceMs >= this.#ceilingMs(this.#ttlMs)) {
      this.#release = { fromMs: nowMs, count: this.held.size, released: 0 }
      return this.#releasable(nowMs)
    }
    if (net * 2 > reference) return 0
    const perTtl = Math.max(1, Math.floor(LOSS_RATIO * reference))
    return Math.max(0, perTtl - this.#leftThisTtl.total(nowMs))
  }

  /** Whether what lapsed has been replaced, wherever the newcomers registered. */
  isMadeGood(nowMs: number): boolean {
    return this.#netLoss(nowMs) <= 0
  }

  /** Since when it protects, and until when at the latest, on the plane's time. */
  protection(): { readonly sinceMs: number; readonly endsAtMs: number } | undefined {
    if (!this.#protected || this.held.size === 0) return undefined
    const { sinceMs } = this.#protected
    return { sinceMs, endsAtMs: sinceMs + this.#ceilingMs(this.#ttlMs) + RELEASE_MS }
  }

  /** Lapsed, gone or still held, less what newly registered and is still well. */
  #netLoss(nowMs: number): number {
    const left = this.#protected?.left ?? this.#left.total(nowMs)
    return this.held.size + left - this.#newcomers.total(nowMs)
  }

  /** The rest of the loss fits into this ttl's quota, and no more came of it for a ttl. */
  #isOver(nowMs: number, reference: number): boolean {
    const rest = this.held.size + this.#leftThisTtl.total(nowMs)
    return rest <= LOSS_RATIO * reference && nowMs - this.#lastLapseMs >= this.#ttlMs
  }

  /** After the ceiling the held leave evenly over a while. */
  #releasable(nowMs: number): number {
    const release = this.#release
    if (!release) return 0
    const share = Math.min(1, (nowMs - release.fromMs) / RELEASE_MS)
    if (share === 1) return ALL
    return Math.max(0, Math.ceil(release.count * share) - release.released)
  }

  #uncount({ bornAtMs }: Entry, nowMs: number): void {
    if (bornAtMs !== UNKNOWN) this.#newcomers.remove(bornAtMs, nowMs)
  }

  #resize(nowMs: number, by: number): void {
    this.#size += by
    this.#sizes.note(nowMs, this.#size)
  }

  #close(): void {
    if (this.held.size > 0) return
    this.#protected = undefined
    this.#release = undefined
  }
}
