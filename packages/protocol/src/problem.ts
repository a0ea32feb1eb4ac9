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

/** Response headers of the native API. */
export const HEADERS = {
  node: 'x-rollcall-node',
  home: 'x-rollcall-home',
  token: 'x-rollcall-token',
} as const

/** The base of the native API. */
export const API_BASE = '/registry/v1'
