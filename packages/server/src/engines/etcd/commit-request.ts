/**
 * A commit as a part of a transaction of etcd, and its answer as a result.
 *
 * ```
 * compares of the commit ─┬─ then ─────── leases are there ─┬─ operations of then
 *                         │                                 └─ look which one is gone
 *                         └─ otherwise ── leases are there ─┬─ operations of otherwise
 *                                                           └─ look which one is gone
 * ```
 *
 * One without conditions needs no transaction of its own, and gets what it has put from a watch.
 *
 * A put with a lease that is gone makes etcd refuse a whole transaction, with all the commits of
 * others in it. So a branch that puts with leases is guarded by compares on their records.
 *
 * @module
 */

import { limitExceeded } from '@rollcall/protocol/errors'
import { leaseNotFound } from '../../catalog/engine/lease-terms.ts'
import { COMMIT_LIMITS } from '../../catalog/engine/limits.ts'
import { invariant } from '@rollcall/runtime'
import type { Commit, CommitResult, Operation, OperationResult } from '../../catalog/engine.ts'
import { comparesOf } from './compare-request.ts'
import type { Place } from './generation.ts'
import type { CompareRequest, RequestOp, ResponseOp, TxnRequest, TxnResponse } from './messages.ts'
import { RESULT, TARGET } from './messages.ts'
import { nest, unnest } from './nest.ts'
import { knownValues, operationRequest, resultOf } from './operation-request.ts'
import { WIDTH_LIMIT, type BatchPart } from './cut-batch.ts'
import type { OwnPuts } from './own-changes.ts'

/** What one commit may be wide, alone with the lane. */
const ROOM = WIDTH_LIMIT - 2
/** What a branch needs at least: the most operations that there are, in the narrowest tree. */
const BRANCH_ROOM = 24
/** Up to so many operations without a condition need no transaction of their own. */
const PLAIN = 4
const NO_PUTS: OwnPuts = new Map()

/** A commit, ready to be sent. */
export interface CommitRequest extends BatchPart {
  /** Whether `decode` needs what the batch has put. */
  readonly asksWatch: boolean
  /** Reads the answers to its requests. Throws `lease_not_found`. */
  readonly decode: (
    responses: readonly ResponseOp[],
    revision: number,
    puts?: OwnPuts,
  ) => CommitResult
}

/** Throws `limit_exceeded` where etcd's own limits leave no room. */
export function commitRequest(place: Place, commit: Commit): CommitRequest {
  if (isPlain(commit)) return plainRequest(place, commit.then)
  const compare = comparesOf(place, commit.compares)
  if (compare.length > ROOM - BRANCH_ROOM) {
    throw limitExceeded('compares in one commit', COMMIT_LIMITS.compares, compare.length)
  }
  const room = ROOM - compare.length
  const then = branchRequest(place, commit.then, room)
  const otherwise = branchRequest(place, commit.otherwise ?? [], room)
  const txn: TxnRequest = {
    compare,
    success: then.operations,
    failure: otherwise.operations,
  }
  return {
    requests: [{ request_txn: txn }],
    width:
      Math.max(compare.length, then.top, otherwise.top) + Math.max(then.below, otherwise.below),
    asksWatch: false,
    decode: ([answer], revision) => {
      const response = answer?.response_txn
      invariant(response !== undefined, 'etcd answers a transaction with a transaction')
      const { succeeded } = response
      const results = (succeeded ? then : otherwise).decode(response.responses)
      return { revision, succeeded, results }
    },
  }
}

/** Whether it is short, and nothing of it is under a condition. */
function isPlain({ compares, then }: Commit): boolean {
  return compares.length === 0 && then.length <= PLAIN && leasesOf(then).length === 0
}

function plainRequest(place: Place, operations: readonly Operation[]): CommitRequest {
  const known = knownValues(operations)
  const asked = operations.filter((_, at) => known[at] === undefined)
  return {
    requests: asked.map((operation) => operationRequest(place, operation, false)),
    width: 0,
    asksWatch: asked.length < operations.length,
    decode: (responses, revision, puts = NO_PUTS) => {
      const answers = responses.values()
      const results = operations.map((operation, at): OperationResult => {
        if (operation.kind === 'get' && known[at] !== undefined) {
          const entry = puts.get(operation.key)
          invariant(entry !== undefined, 'a watch brings all that a batch has put')
          return { kind: 'got', entry }
        }
        const { value: response } = answers.next()
        invariant(response !== undefined, 'each operation is answered in its place')
        return resultOf(place, { operation, response, known: undefined })
      })
      return { revision, succeeded: true, results }
    },
  }
}

interface BranchRequest {
  readonly operations: readonly RequestOp[]
  /** Width of its first level, and of all those below. */
  readonly top: number
  readonly below: number
  readonly decode: (responses: readonly ResponseOp[]) => readonly OperationResult[]
}

function branchRequest(
  place: Place,
  operations: readonly Operation[],
  room: number,
): BranchRequest {
  const known = knownValues(operations)
  const requests = operations.map((operation, at) =>
    operationRequest(place, operation, known[at] !== undefined),
  )
  const leases = leasesOf(operations)
  // So many that their guards have no room: etcd's own check has to do.
  const isGuarded = leases.length > 0 && leases.length + 1 + BRANCH_ROOM <= room
  const nested = nest(requests, isGuarded ? room - 1 - leases.length : room)
  invariant(nested !== undefined, 'there is room for the operations of a commit')
  const decode = (responses: readonly ResponseOp[]) =>
    unnest(responses, nested.depth).map((response, at) =>
      resultOf(place, { operation: operations[at], response, known: known[at] }),
    )
  const top = nested.operations.length
  if (!isGuarded) {
    return { operations: nested.operations, top, below: nested.width - top, decode }
  }
  const guard: TxnRequest = {
    compare: leases.map((id) => isThere(place, id)),
    success: nested.operations,
    failure: leases.map((id) => ({
      request_range: { key: recordOf(place, id), count_only: true },
    })),
  }
  return {
    operations: [{ request_txn: guard }],
    top: 1,
    below: Math.max(leases.length, top) + nested.width - top,
    decode: ([response]) => {
      const answer = response?.response_txn
      invariant(answer !== undefined, 'etcd answers a transaction with a transaction')
      if (!answer.succeeded) throw leaseNotFound(missingOf(leases, answer))
      return decode(answer.responses)
    },
  }
}

/** The leases that a commit may put with. */
export function leasesOf(operations: readonly Operation[]): readonly number[] {
  const leases = new Set<number>()
  for (const operation of operations) {
    if (operation.kind === 'put' && operation.lease !== undefined) leases.add(operation.lease)
  }
  return [...leases]
}

function missingOf(leases: readonly number[], { responses }: TxnResponse): number {
  const at = responses.findIndex(({ response_range: range }) => range?.count === '0')
  const lease = leases[at]
  invariant(lease !== undefined, 'a guard fails because a lease is gone')
  return lease
}

function recordOf({ keyspace, generation }: Place, id: number): Buffer {
  return keyspace.lease(generation.number, id)
}

function isThere(place: Place, id: number): CompareRequest {
  const key = recordOf(place, id)
  return { key, result: RESULT.greater, target: TARGET.create, create_revision: 0 }
}
