/**
 * When a lease may end at the earliest, and when it has to have ended.
 *
 * It ends a ttl after the last renewal that the engine processed. That was between the sending
 * of a confirmed keep-alive and the end of any that may have got through. A start of the node
 * gives a lease that was there a whole ttl.
 *
 * @module
 */

/** All times are monotonic milliseconds. */
export class LeaseTerm {
  readonly ttlMs: number
  #earliestEndMs: number
  #latestEndMs: number

  /** A grant that was sent and answered then. */
  constructor(ttlMs: number, granted: { readonly sentAtMs: number; readonly doneAtMs: number }) {
    this.ttlMs = ttlMs
    this.#earliestEndMs = granted.sentAtMs + ttlMs
    this.#latestEndMs = granted.doneAtMs + ttlMs
  }

  /** A keep-alive was confirmed. */
  renewed(sentAtMs: number, doneAtMs: number): void {
    this.#earliestEndMs = Math.max(this.#earliestEndMs, sentAtMs + this.ttlMs)
    this.mayBeRenewed(doneAtMs)
  }

  /** A keep-alive had no answer by then. */
  mayBeRenewed(doneAtMs: number): void {
    this.#latestEndMs = Math.max(this.#latestEndMs, doneAtMs + this.ttlMs)
  }

  /** The node died, was started and was ready then. */
  restarted(times: {
    readonly diedAtMs: number
    readonly startedAtMs: number
    readonly readyAtMs: number
  }): void {
    const { diedAtMs, startedAtMs, readyAtMs } = times
    // Whether one that was due had ended is not known.
    if (this.#earliestEndMs > diedAtMs) this.#earliestEndMs = startedAtMs + this.ttlMs
    this.#latestEndMs = Math.max(this.#latestEndMs, readyAtMs + this.ttlMs)
  }

  /** By how much it ended too early, if it was seen to have ended by then; not above 0 if all is well. */
  earlyMs(seenByMs: number): number {
    return this.#earliestEndMs - seenByMs
  }

  /** By how much it is overdue, if it was there at that time or later. */
  overdueMs(seenAfterMs: number): number {
    return seenAfterMs - this.#latestEndMs
  }
}
