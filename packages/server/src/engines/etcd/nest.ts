/**
 * Many operations in one transaction: etcd counts the width of each level, not the operations, so
 * a wide list becomes a tree of narrow ones. They are done in the same order.
 *
 * @module
 */

import type { RequestOp, ResponseOp } from './messages.ts'

export interface Nested {
  readonly operations: readonly RequestOp[]
  /** How wide they are, summed over the levels. */
  readonly width: number
  /** How many levels lie above each operation. */
  readonly depth: number
}

/** How wide so many operations may be and stay in one list: few levels are cheap. */
const FLAT = 64

/** Answers undefined where no tree is narrow enough. */
export function nest(operations: readonly RequestOp[], widthLimit: number): Nested | undefined {
  if (operations.length <= Math.min(FLAT, widthLimit)) {
    return { operations, width: operations.length, depth: 0 }
  }
  for (let levels = 2; 2 ** (levels - 1) < operations.length; levels += 1) {
    const fanOut = fanOutFor(operations.length, levels)
    if (fanOut * levels > widthLimit) continue
    let level = operations
    for (let above = 1; above < levels; above += 1) level = grouped(level, fanOut)
    return { operations: level, width: fanOut * levels, depth: levels - 1 }
  }
  return undefined
}

/** The answers of nested operations, in their order. */
export function unnest(responses: readonly ResponseOp[], depth: number): readonly ResponseOp[] {
  let level = responses
  for (let above = 0; above < depth; above += 1) {
    level = level.flatMap((response) => response.response_txn?.responses ?? [])
  }
  return level
}

/** As a transaction that always does them. */
export function grouped(operations: readonly RequestOp[], size: number): RequestOp[] {
  const groups: RequestOp[] = []
  for (let from = 0; from < operations.length; from += size) {
    const success = operations.slice(from, from + size)
    groups.push({ request_txn: { compare: [], success } })
  }
  return groups
}

function fanOutFor(count: number, levels: number): number {
  let fanOut = Math.max(2, Math.floor(count ** (1 / levels)))
  while (fanOut ** levels < count) fanOut += 1
  return fanOut
}
