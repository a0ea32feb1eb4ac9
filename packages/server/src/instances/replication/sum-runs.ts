/**
 * The sums of a digest as they travel. In a small registry nearly all of them are zero, and
 * a run of zeros is written as its length, below zero: a node that boots with nothing would
 * otherwise send 64 KB of zeros to each peer.
 *
 * @module
 */

import { BUCKETS } from '../digest.ts'
import type { PartReader } from './part-reader.ts'

const LANES_MAX = 2 * BUCKETS
/** The greatest number that a lane holds. */
export const LANE_MAX = 0xffff_ffff

export function runsOf(sums: Uint32Array): number[] {
  const runs: number[] = []
  let zeros = 0
  for (const lane of sums) {
    if (lane === 0) {
      zeros += 1
      continue
    }
    if (zeros > 0) runs.push(-zeros)
    zeros = 0
    runs.push(lane)
  }
  if (zeros > 0) runs.push(-zeros)
  return runs
}

/** Reads what `runsOf` wrote; nothing where that is not sound. */
export function readRuns(part: unknown, reader: PartReader): Uint32Array {
  const runs = reader.list(part, LANES_MAX, (run) => {
    const isZeros = Number.isSafeInteger(run) && (run as number) < 0
    return isZeros ? (run as number) : reader.count(run, LANE_MAX)
  })
  let lanes = 0
  for (const run of runs) lanes += run < 0 ? -run : 1
  if (lanes > LANES_MAX) reader.refuse()
  const sums = new Uint32Array(Math.min(lanes, LANES_MAX))
  let at = 0
  for (const run of runs) {
    if (run > 0) sums[at] = run
    at += run < 0 ? -run : 1
  }
  return sums
}
