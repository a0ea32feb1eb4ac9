import { status as STATUS, type ServiceError } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { failureOf } from './etcd-failure.ts'

test.each([
  [STATUS.UNAVAILABLE, 'etcdserver: no leader', 'no_answer', 'unavailable'],
  [STATUS.UNAVAILABLE, 'etcdserver: request timed out', 'no_answer', 'unavailable'],
  [STATUS.DEADLINE_EXCEEDED, 'Deadline exceeded', 'no_answer', 'unavailable'],
  [STATUS.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', 'full', 'engine_full'],
  [STATUS.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'busy', 'unavailable'],
  [STATUS.RESOURCE_EXHAUSTED, 'Bandwidth exhausted or memory', 'no_answer', 'unavailable'],
  [STATUS.RESOURCE_EXHAUSTED, 'received message larger than max', 'too_large', 'limit_exceeded'],
  [STATUS.INVALID_ARGUMENT, 'etcdserver: request is too large', 'too_large', 'limit_exceeded'],
  [STATUS.INVALID_ARGUMENT, 'too many operations in txn request', 'too_large', 'limit_exceeded'],
  [STATUS.INVALID_ARGUMENT, 'revision of auth store is old', 'token_refused', 'unavailable'],
  [STATUS.INVALID_ARGUMENT, 'authentication failed, invalid user', 'denied', 'unavailable'],
  [STATUS.INVALID_ARGUMENT, 'user name is empty', 'denied', 'unavailable'],
  [STATUS.INVALID_ARGUMENT, 'duplicate key given in txn request', 'bug', undefined],
  [STATUS.NOT_FOUND, 'etcdserver: requested lease not found', 'lease_missing', undefined],
  [STATUS.FAILED_PRECONDITION, 'etcdserver: lease already exists', 'lease_exists', undefined],
  [STATUS.FAILED_PRECONDITION, 'authentication is not enabled', 'denied', 'unavailable'],
  [STATUS.OUT_OF_RANGE, 'required revision has been compacted', 'compacted', 'compacted'],
  [STATUS.OUT_OF_RANGE, 'required revision is a future revision', 'no_answer', 'unavailable'],
  [STATUS.UNAUTHENTICATED, 'etcdserver: invalid auth token', 'token_refused', 'unavailable'],
  [STATUS.PERMISSION_DENIED, 'etcdserver: permission denied', 'denied', 'unavailable'],
  [STATUS.UNIMPLEMENTED, 'unknown service', 'bug', undefined],
] as const)('status %i, "%s" is %s', (...row) => {
  const [code, details, kind, told] = row
  const failure = failureOf({ code, details, message: details } as ServiceError)
  expect(failure.kind).toBe(kind)
  const refusal = failure.refusal()
  expect('code' in refusal ? refusal.code : undefined).toBe(told)
})
