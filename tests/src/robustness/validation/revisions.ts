/**
 * Whether revisions keep the order of time, across all keys and nodes: a write that was asked for
 * after another was answered has a greater one, and a linearizable read sees at least that.
 *
 * @module
 */

import type { Read, Write } from '../model/write.ts'

/** Answers all that is wrong, in words. */
export function judgeRevisions(
  writes: readonly Write[],
  reads: readonly Read[],
): readonly string[] {
  const known = writes.flatMap(({ revision, ...times }) =>
    revision === undefined ? [] : [{ ...times, revision }],
  )
  const answered = known.toSorted((left, right) => left.returnedMs - right.returnedMs)
  const asked = [
    ...known.map((one) => ({ ...one, what: 'a write', least: 1 })),
    ...reads.map((one) => ({ ...one, what: 'a read', least: 0 })),
  ].sort((left, right) => left.invokedMs - right.invokedMs)
  const problems: string[] = []
  let greatest = 0
  let next = 0
  for (const { what, least, revision, invokedMs } of asked) {
    for (; (answered[next]?.returnedMs ?? Infinity) < invokedMs; next += 1) {
      greatest = Math.max(greatest, answered[next]?.revision ?? 0)
    }
    if (revision < greatest + least) {
      const when = `at ${Math.round(invokedMs)} ms`
      problems.push(`${what} ${when} is of ${revision}, after ${greatest} was answered`)
    }
  }
  return problems
}
