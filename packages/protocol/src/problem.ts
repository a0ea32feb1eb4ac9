/**
 * Errors and node state as they travel.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { ERROR_CODES } from './errors.ts'

/** The body of every refusal: a problem document of RFC 9457. */
export const Problem = Type.Object({
  type: Type.String({ description: '`urn:rollcall:error:<code>`' }),
  code: Type.Enum([...ERROR_CODES]),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
})
export type Problem = Static<typeof Problem>

export const Health = Type.Object({ status: Type.Literal('ok') })

export const NotReady = Type.Object({
  status: Type.Literal('not_ready'),
  reasons: Type.Array(Type.Object({ part: Type.String(), reason: Type.String() })),
})
export type NotReady = Static<typeof NotReady>

/** Headers of the native API. Those of answers, unless it is said. */
export const HEADERS = {
  node: 'x-rollcall-node',
  home: 'x-rollcall-home',
  token: 'x-rollcall-token',
  /** Of what the answer tells; of the write that it answers. */
  revision: 'x-rollcall-revision',
  /** `behind`: what was written may not be seen here yet. */
  view: 'x-rollcall-view',
  /** For how many milliseconds the view has not heard from the engine. */
  stale: 'x-rollcall-stale',
  createRevision: 'x-rollcall-create-revision',
  lease: 'x-rollcall-lease',
  /** In requests: what the read must have seen. */
  minRevision: 'x-rollcall-min-revision',
  /** In requests: the same write with the same key is done once. */
  idempotencyKey: 'idempotency-key',
} as const

/** The base of the native API. */
export const API_BASE = '/registry/v1'
