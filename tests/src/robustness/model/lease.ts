/**
 * What the holder of a lease knows of it. Times are monotonic milliseconds.
 *
 * @module
 */

export interface Lease {
  readonly ttlMs: number
  /** Put in one transaction, whose answer was there. */
  readonly keys: readonly string[]
  /** When each grant and renewal was sent whose answer was there. */
  readonly confirmedMs: readonly number[]
  /** When its holder asked for its end; Infinity: never. */
  readonly revokedMs: number
  /** When its holder was told that it is gone; Infinity: never. */
  readonly missedMs: number
}
