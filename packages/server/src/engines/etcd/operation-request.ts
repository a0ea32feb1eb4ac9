/**
 * One operation as etcd does it, and what it answers.
 *
 * @module
 */

import { invariant } from '@rollcall/runtime'
import type { Operation, OperationResult } from '../../catalog/engine.ts'
import { toEntry, type Place } from './generation.ts'
import { etcdLease } from './keyspace.ts'
import type { RequestOp, ResponseOp } from './messages.ts'

/** What will be got, for each get behind a put of its key: etcd need not send that back. */
export function knownValues(operations: readonly Operation[]): readonly (Uint8Array | undefined)[] {
  const puts = new Map<string, Uint8Array>()
  return operations.map((operation) => {
    if (operation.kind === 'put') puts.set(operation.key, operation.value)
    return operation.kind === 'get' ? puts.get(operation.key) : undefined
  })
}

/** Where what is got is known, etcd tells only the revisions. */
export function operationRequest(
  { keyspace, generation }: Place,
  operation: Operation,
  isKnown: boolean,
): RequestOp {
  const { number } = generation
  if (operation.kind === 'delete_prefix') {
    return { request_delete_range: keyspace.below(number, operation.prefix) }
  }
  const key = keyspace.entry(number, operation.key)
  if (operation.kind === 'get') {
    return { request_range: isKnown ? { key, keys_only: true } : { key } }
  }
  if (operation.kind === 'delete') return { request_delete_range: { key } }
  const { value, lease } = operation
  if (lease === undefined) return { request_put: { key, value } }
  return { request_put: { key, value, lease: etcdLease(number, lease) } }
}

/** Reads the answer to a request of `operationRequest`. */
export function resultOf(
  { generation }: Place,
  {
    operation,
    response,
    known,
  }: {
    readonly operation: Operation | undefined
    readonly response: ResponseOp
    readonly known: Uint8Array | undefined
  },
): OperationResult {
  if (response.response_put) return { kind: 'put' }
  const { response_delete_range: deleted, response_range: range } = response
  if (deleted) return { kind: 'deleted', count: Number(deleted.deleted) }
  invariant(
    range !== undefined && operation?.kind === 'get',
    'each operation is answered in its place',
  )
  const [stored] = range.kvs
  if (!stored) return { kind: 'got', entry: undefined }
  const entry = toEntry(generation, operation.key, stored)
  return { kind: 'got', entry: { ...entry, value: known ?? entry.value } }
}
