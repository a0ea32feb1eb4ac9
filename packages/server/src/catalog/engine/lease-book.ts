/**
 * Which leases there are and when each ends, in memory. Every renewal counts its lease's
 * sequence up: who wants to end a lease names the sequence that he saw, and is too late when it
 * was renewed since.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import type { Lease, LeaseState } from '../engine.ts'
import { DeadlineHeap } from './deadline-heap.ts'

interface Held {
  readonly ttlMs: number
  sequence: number
  deadlineMs: number
}

/** A lease whose deadline has passed, as it was when that was seen. */
export interface Due {
  readonly id: number
  readonly sequence: number
}

export class LeaseBook {
  readonly #clock: Clock
  readonly #held = new Map<number, Held>()
  /** One entry a lease at most; its time may be too early, never too late. */
  readonly #deadlines = new DeadlineHeap()
  #sequence = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#held.size
  }

  has(id: number): boolean {
    return this.#held.has(id)
  }

  /** A new lease, with its full ttl. */
  add({ id, ttlMs }: Lease): void {
    const deadlineMs = this.#clock.monotonicMs() + ttlMs
    this.#held.set(id, { ttlMs, sequence: this.#nextSequence(), deadlineMs })
    this.#deadlines.push({ id, atMs: deadlineMs })
  }

  /** Gives it its full ttl; answers undefined where there is none. */
  renew(id: number): Lease | undefined {
    const held = this.#held.get(id)
    if (!held) return undefined
    held.sequence = this.#nextSequence()
    held.deadlineMs = this.#clock.monotonicMs() + held.ttlMs
    return { id, ttlMs: held.ttlMs }
  }

  /** Gives every lease its full ttl. */
  renewAll(): void {
    for (const id of this.#held.keys()) this.renew(id)
  }

  remove(id: number): void {
    this.#held.delete(id)
  }

  /** Replaces all, each with its full ttl. */
  replace(leases: readonly Lease[]): void {
    this.#held.clear()
    this.#deadlines.clear()
    for (const lease of leases) this.add(lease)
  }

  state(id: number): LeaseState | undefined {
    const held = this.#held.get(id)
    if (!held) return undefined
    const remainingMs = Math.max(0, Math.ceil(held.deadlineMs - this.#clock.monotonicMs()))
    return { id, ttlMs: held.ttlMs, remainingMs }
  }

  list(): Lease[] {
    return Array.from(this.#held, ([id, { ttlMs }]) => ({ id, ttlMs }))
  }

  /** Whether nobody has renewed it since it was due. */
  isStillDue({ id, sequence }: Due): boolean {
    return this.#held.get(id)?.sequence === sequence
  }

  /** When the next lease may end; undefined where there is none. */
  nextMs(): number | undefined {
    this.#settleFirst()
    return this.#deadlines.first?.atMs
  }

  /** Takes the next lease that has ended; `again` must follow for those that go on all the same. */
  takeDue(): Due | undefined {
    this.#settleFirst()
    const first = this.#deadlines.first
    if (!first || first.atMs > this.#clock.monotonicMs()) return undefined
    this.#deadlines.pop()
    const held = this.#held.get(first.id)
    return held && { id: first.id, sequence: held.sequence }
  }

  /** Watches a lease's deadline again that was taken as due and has not ended. */
  again({ id }: Due): void {
    const held = this.#held.get(id)
    if (held) this.#deadlines.push({ id, atMs: held.deadlineMs })
  }

  #nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }

  /** Makes the first deadline a true one. */
  #settleFirst(): void {
    for (;;) {
      const first = this.#deadlines.first
      if (!first) return
      const deadlineMs = this.#held.get(first.id)?.deadlineMs
      if (deadlineMs === first.atMs) return
      this.#deadlines.pop()
      if (deadlineMs !== undefined) this.#deadlines.push({ id: first.id, atMs: deadlineMs })
    }
  }
}
