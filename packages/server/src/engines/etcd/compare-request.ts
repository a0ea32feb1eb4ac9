/**
 * The compares of the port in etcd's terms. A key that is not there has the revisions 0 there too.
 *
 * @module
 */

import type { Compare } from '../../catalog/engine.ts'
import type { Place } from './generation.ts'
import { etcdLease } from './keyspace.ts'
import { RESULT, TARGET, type CompareRequest, type KeySpan } from './messages.ts'

const RESULT_OF = { '=': RESULT.equal, '<': RESULT.less, '>': RESULT.greater } as const
/** No key has it. */
const NEVER = -1

export function comparesOf(place: Place, compares: readonly Compare[]): readonly CompareRequest[] {
  return compares.flatMap((compare) => requestsOf(place, compare))
}

function requestsOf(place: Place, compare: Compare): readonly CompareRequest[] {
  const { keyspace, generation } = place
  if (compare.kind === 'empty') {
    return [createdAt(keyspace.below(generation.number, compare.prefix), RESULT.equal, 0)]
  }
  if (compare.kind === 'unchanged_since') {
    const span = keyspace.below(generation.number, compare.prefix)
    const newest = Math.max(0, compare.revision - generation.base)
    return [modifiedAt(span, RESULT.less, newest + 1)]
  }
  const span = { key: keyspace.entry(generation.number, compare.key) }
  if (compare.kind === 'exists') {
    return [createdAt(span, compare.exists ? RESULT.greater : RESULT.equal, 0)]
  }
  if (compare.kind === 'value') {
    return [{ ...span, result: RESULT.equal, target: TARGET.value, value: compare.value }]
  }
  if (compare.kind === 'lease') {
    const lease = compare.lease === 0 ? 0 : etcdLease(generation.number, compare.lease)
    const isOnIt = { ...span, result: RESULT.equal, target: TARGET.lease, lease } as const
    // A key that is not there hangs on no lease for etcd.
    return compare.lease === 0 ? [isOnIt, createdAt(span, RESULT.greater, 0)] : [isOnIt]
  }
  const made = compare.of === 'mod' ? modifiedAt : createdAt
  return [made(span, RESULT_OF[compare.is], bound(compare, generation.base))]
}

/** Only absent keys have 0, and the others have more than the base. */
function bound({ is, revision }: Extract<Compare, { kind: 'revision' }>, base: number): number {
  if (revision <= 0) return revision
  const there = revision - base
  if (there > 0) return there
  return { '=': NEVER, '<': 1, '>': 0 }[is]
}

function createdAt(
  span: KeySpan,
  result: CompareRequest['result'],
  revision: number,
): CompareRequest {
  return { ...span, result, target: TARGET.create, create_revision: revision }
}

function modifiedAt(
  span: KeySpan,
  result: CompareRequest['result'],
  revision: number,
): CompareRequest {
  return { ...span, result, target: TARGET.mod, mod_revision: revision }
}
