/**
 * Which of the commits that wait make the next batch.
 *
 * @module
 */

import { Occupied, hasPrefix, type Footprint } from './footprint.ts'
import type { RequestOp } from './messages.ts'

/** Most of one batch, of keys, values and 64 for each operation. */
export const BATCH_BYTES = 1_024 * 1_024
/** More are not looked through for one batch. */
const LOOKED_AT = 4_000

/**
 * How etcd counts the size of a transaction: at each level the greatest of its compares and its
 * branches, summed along the deepest path.
 */
export const WIDTH_LIMIT = 128
/** Beyond the flat limit requests go in groups of so many. */
export const GROUP = 40

/** What goes together whatever else is in the batch. */
export interface BatchPart {
  readonly requests: readonly RequestOp[]
  /** How wide the transactions in it are, summed over the levels. */
  readonly width: number
}

export interface Waiting extends BatchPart {
  readonly footprint: Footprint
  readonly bytes: number
  readonly serial: string | undefined
}

export interface Cut<T> {
  readonly taken: T[]
  readonly left: T[]
}

/**
 * Takes commits in their order. One that does not fit or touches what another needs waits, and
 * whatever touches what it needs waits behind it: so nothing overtakes on a key, and the first is
 * always taken. A commit that looks below a prefix goes alone.
 */
export function cutBatch<T extends Waiting>(queue: readonly T[]): Cut<T> {
  const taken: T[] = []
  const left: T[] = []
  const inBatch = new Occupied()
  const blocked = new Occupied()
  const serials = new Set<string>()
  let bytes = 0
  let requests = 0
  let width = 0
  let isClosed = false
  for (const [at, waiting] of queue.entries()) {
    if (isClosed || at >= LOOKED_AT) {
      left.push(waiting)
      continue
    }
    const { footprint, serial } = waiting
    const fits =
      taken.length === 0 ||
      (!hasPrefix(footprint) &&
        bytes + waiting.bytes <= BATCH_BYTES &&
        isWithinWidth(requests + waiting.requests.length, Math.max(width, waiting.width)) &&
        (serial === undefined || !serials.has(serial)) &&
        !inBatch.conflictsWith(footprint) &&
        !blocked.conflictsWith(footprint))
    if (fits) {
      taken.push(waiting)
      inBatch.add(footprint)
      bytes += waiting.bytes
      requests += waiting.requests.length
      width = Math.max(width, waiting.width)
      isClosed = hasPrefix(footprint)
    } else {
      left.push(waiting)
      blocked.add(footprint)
    }
    if (serial !== undefined) serials.add(serial)
  }
  return { taken, left }
}

/** Whether so many requests, the widest of this width, make one transaction. */
export function isWithinWidth(requests: number, width: number): boolean {
  return widthOfBatch(requests, width) <= WIDTH_LIMIT
}

/** The lane takes one operation beside the requests. */
function widthOfBatch(requests: number, width: number): number {
  const flat = 1 + requests + width
  const inGroups = 1 + Math.ceil(requests / GROUP) + GROUP + width
  return Math.min(flat, inGroups)
}
