/**
 * Writes and reads by their revisions, whatever they were of.
 *
 * @module
 */

/** What one write leaves under each key; null: nothing. */
export type Step = ReadonlyMap<string, string | null>

/** A write that was asked for and not refused. Times are monotonic milliseconds. */
export interface Write {
  readonly step: Step
  readonly invokedMs: number
  readonly returnedMs: number
  /** Absent where nobody knows whether it was done. */
  readonly revision?: number
}

/** A linearizable read that was answered. */
export interface Read {
  readonly revision: number
  readonly invokedMs: number
  readonly returnedMs: number
}
