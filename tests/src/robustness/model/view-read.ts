/**
 * A read of what a node knew, which need not be the newest. Times are monotonic milliseconds.
 *
 * @module
 */

export interface ViewRead {
  readonly node: number
  readonly invokedMs: number
  readonly returnedMs: number
  readonly revision: number
  /** The revision of each key that was there. */
  readonly entries: ReadonlyMap<string, number>
}
