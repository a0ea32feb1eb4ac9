/**
 * Stamps order the writes of all nodes without asking anybody.
 *
 * A stamp is a hybrid logical clock in one safe integer, `wallMs × 2048 + counter`; who
 * wrote it breaks ties (Kulkarni et al., "Logical Physical Clocks", 2014).
 *
 * @module
 */

/** One life of one node's process. Compared by reference where it is "me": see `hybrid-clock.ts`. */
export interface Origin {
  readonly node: string
  /** The stamp at which this life began; never used twice. */
  readonly inc: number
}

export interface Stamp {
  readonly at: number
  readonly by: Origin
}

/** Who writes the generations that clients bring: equal sessions are the same generation everywhere. */
export const CLIENT: Origin = { node: '', inc: 0 }

const COUNTERS_PER_MS = 2_048

/** The wall time in a stamp, epoch milliseconds. */
export function wallMsOf(stamp: Stamp): number {
  return Math.floor(stamp.at / COUNTERS_PER_MS)
}

/** The smallest stamp number of a wall time. */
export function stampAt(wallMs: number): number {
  return wallMs * COUNTERS_PER_MS
}

/** The generation of a client's session. */
export function generationOf(session: number): Stamp {
  return { at: session * COUNTERS_PER_MS, by: CLIENT }
}

/** The session that a generation stands for; a client that sends one more is newer. */
export function sessionOf(generation: Stamp): number {
  return Math.floor(generation.at / COUNTERS_PER_MS)
}

/** Orders stamps; 0 means the same write. */
export function compareStamps(left: Stamp, right: Stamp): number {
  if (left === right) return 0
  if (left.at !== right.at) return left.at - right.at
  if (left.by.node !== right.by.node) return left.by.node < right.by.node ? -1 : 1
  return left.by.inc - right.by.inc
}
