/**
 * Renewals that were accepted here for instances of another home, on their way there.
 *
 * @module
 */

import type { Entry } from '../entry.ts'
import { FORWARD_SHARE, RESEND_MS } from './constants.ts'

/** A renewal that waits for home's acknowledgement. */
export interface Forward {
  /** Plane time of the renewal. */
  renewedAtMs: number
  /** Plane time since which none of this entry was delivered. */
  sinceMs: number
  /** How many nodes passed it on before us. */
  readonly hops: number
  /** A client renewed here; without that it is only what was known before the instance got another home. */
  isFresh: boolean
  sentAtMs: number
}

export interface NewForward extends Pick<Forward, 'renewedAtMs' | 'hops' | 'isFresh'> {
  readonly nowMs: number
}

interface Sent {
  readonly items: readonly { readonly entry: Entry; readonly renewedAtMs: number }[]
  readonly atMs: number
}

const NEVER = -1_000_000
const FORGOTTEN_AFTER_MS = 5_000

export class Forwards {
  readonly #waiting = new Map<Entry, Forward>()
  readonly #inFlight = new Map<number, Sent>()

  get size(): number {
    return this.#waiting.size
  }

  add(entry: Entry, renewal: NewForward): void {
    const { renewedAtMs, nowMs, hops, isFresh } = renewal
    const waiting = this.#waiting.get(entry)
    if (!waiting) {
      this.#waiting.set(entry, { renewedAtMs, sinceMs: nowMs, hops, isFresh, sentAtMs: NEVER })
    } else if (renewedAtMs > waiting.renewedAtMs) {
      waiting.renewedAtMs = renewedAtMs
      waiting.isFresh ||= isFresh
      waiting.sentAtMs = NEVER
    }
  }

  forget(entry: Entry): void {
    this.#waiting.delete(entry)
  }

  clear(): void {
    this.#waiting.clear()
    this.#inFlight.clear()
  }

  /** What is to be sent now, or again. */
  *due(nowMs: number): Iterable<readonly [Entry, Forward]> {
    for (const [entry, forward] of this.#waiting) {
      if (nowMs - forward.sentAtMs >= RESEND_MS) yield [entry, forward]
    }
  }

  sent(seq: number, items: Sent['items'], nowMs: number): void {
    this.#inFlight.set(seq, { items, atMs: nowMs })
    for (const { entry } of items) {
      const forward = this.#waiting.get(entry)
      if (forward) forward.sentAtMs = nowMs
    }
  }

  /** Home has them. A later renewal of the same entry still waits, but home has heard of it. */
  acked(seq: number): void {
    const sent = this.#inFlight.get(seq)
    this.#inFlight.delete(seq)
    for (const { entry, renewedAtMs } of sent?.items ?? []) {
      const waiting = this.#waiting.get(entry)
      if (waiting?.renewedAtMs === renewedAtMs) this.#waiting.delete(entry)
      else if (waiting) waiting.sinceMs = waiting.renewedAtMs
    }
  }

  /** Forgets what was sent so long ago that no acknowledgement comes. */
  expire(nowMs: number): void {
    for (const [seq, { atMs }] of this.#inFlight) {
      if (nowMs - atMs > FORGOTTEN_AFTER_MS) this.#inFlight.delete(seq)
    }
  }
}

/** Whether a renewal has waited so long that home may lose the instance before it comes. */
export function isOverdue({ sinceMs }: Forward, ttlMs: number, nowMs: number): boolean {
  return nowMs - sinceMs > ttlMs / FORWARD_SHARE
}
