/**
 * A transaction as it travels: what must be so, what is done then, and what otherwise.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Key, LeaseId, Revision } from './kv.ts'

export const COMPARE_OPS = ['=', '<', '>'] as const
export type CompareOp = (typeof COMPARE_OPS)[number]

const closed = { additionalProperties: false } as const

const Op = Type.Optional(Type.Enum([...COMPARE_OPS], { description: 'Default `=`.' }))
/** May be empty: then it is every key. */
const Prefix = Type.String()
const Base64 = Type.String({ description: 'Up to 1 MiB, in base64.' })

export const TxnCompare = Type.Union([
  Type.Object({ key: Key, exists: Type.Boolean() }, closed),
  Type.Object({ key: Key, modRevision: Revision, op: Op }, closed),
  Type.Object({ key: Key, createRevision: Revision, op: Op }, closed),
  Type.Object({ key: Key, valueBase64: Base64 }, closed),
  Type.Object({ prefix: Prefix, empty: Type.Literal(true) }, closed),
  Type.Object({ prefix: Prefix, unchangedSince: Revision }, closed),
])
export type TxnCompare =
  | { key: string; exists: boolean }
  | { key: string; modRevision: number; op?: CompareOp }
  | { key: string; createRevision: number; op?: CompareOp }
  | { key: string; valueBase64: string }
  | { prefix: string; empty: true }
  | { prefix: string; unchangedSince: number }

export const TxnOperation = Type.Union([
  Type.Object(
    {
      put: Type.Object({ key: Key, valueBase64: Base64, lease: Type.Optional(LeaseId) }, closed),
    },
    closed,
  ),
  Type.Object({ delete: Type.Object({ key: Key }, closed) }, closed),
  Type.Object(
    { deletePrefix: Type.Object({ prefix: Type.String({ minLength: 1 }) }, closed) },
    closed,
  ),
  Type.Object({ get: Type.Object({ key: Key }, closed) }, closed),
])
export type TxnOperation = Static<typeof TxnOperation>

export const TxnBody = Type.Object(
  {
    compares: Type.Optional(Type.Array(TxnCompare, { description: 'Up to 96; all must hold.' })),
    then: Type.Optional(Type.Array(TxnOperation, { description: 'Done when they do.' })),
    otherwise: Type.Optional(Type.Array(TxnOperation, { description: 'Done when one does not.' })),
  },
  closed,
)
export interface TxnBody {
  compares?: TxnCompare[]
  then?: TxnOperation[]
  otherwise?: TxnOperation[]
}

export const TxnResult = Type.Union([
  Type.Object({ put: Type.Object({ modRevision: Type.Integer() }) }),
  Type.Object({ deleted: Type.Integer() }),
  Type.Object({
    get: Type.Union([
      Type.Null(),
      Type.Object({ valueBase64: Type.String(), modRevision: Type.Integer() }),
    ]),
  }),
])
export type TxnResult = Static<typeof TxnResult>

export const TxnAnswer = Type.Object({
  succeeded: Type.Boolean({ description: 'Whether `then` was done.' }),
  revision: Type.Integer({
    description: 'Of what it changed; where it changed nothing, the one at which it was judged.',
  }),
  results: Type.Array(TxnResult, { description: 'One for each operation that was done.' }),
})
export type TxnAnswer = Static<typeof TxnAnswer>
