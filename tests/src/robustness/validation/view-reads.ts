/**
 * Whether what a node shows is something that was so: each read is of one revision, with all that
 * was written up to it, and a node never goes back to an earlier one.
 *
 * @module
 */

import type { ViewRead } from '../model/view-read.ts'
import type { Write } from '../model/write.ts'

/** Answers all that is wrong, in words. The reads of one node must not overlap. */
export function judgeViewReads(
  reads: readonly ViewRead[],
  writes: readonly Write[],
): readonly string[] {
  const problems: string[] = []
  const written = revisionsOf(writes)
  const newest = new Map<number, number>()
  for (const { node, revision, entries } of reads) {
    const before = newest.get(node) ?? 0
    if (revision < before) problems.push(`node ${node} went from ${before} back to ${revision}`)
    newest.set(node, revision)
    for (const [key, modRevision] of entries) {
      if (modRevision > revision) {
        problems.push(`node ${node} had ${key} of ${modRevision} at ${revision}`)
      }
      const missed = written.get(key)?.find((one) => one > modRevision && one <= revision)
      if (missed === undefined) continue
      problems.push(`node ${node} had ${key} of ${modRevision} at ${revision}, without ${missed}`)
    }
  }
  return problems
}

function revisionsOf(writes: readonly Write[]): ReadonlyMap<string, readonly number[]> {
  const revisions = new Map<string, number[]>()
  for (const { step, revision } of writes) {
    if (revision === undefined) continue
    for (const key of step.keys()) revisions.set(key, [...(revisions.get(key) ?? []), revision])
  }
  return revisions
}
