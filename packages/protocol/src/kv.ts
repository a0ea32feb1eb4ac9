/**
 * Keys and their values as they travel: one, a page of them, and what a write answers.
 *
 * A value by itself travels as the bytes that it is; inside JSON it is base64 (RFC 4648,
 * section 4, with padding).
 *
 * @module
 */

import { Type, type Static } from 'typebox'

/** Revisions and ids are whole numbers that JavaScript holds exactly. */
export const Revision = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const LeaseId = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Of a lease that is there; the key ends with it.',
})

/** How long it may be is for the catalog to say, in bytes: that answers `limit_exceeded`. */
export const Key = Type.String({ minLength: 1, description: '1 to 512 bytes of UTF-8.' })

export const KvEntry = Type.Object({
  key: Type.String(),
  valueBase64: Type.Optional(Type.String({ description: 'Left out with `keysOnly`.' })),
  modRevision: Type.Integer({ description: 'Of its last put.' }),
  createRevision: Type.Integer({ description: 'Of the put that began this life of it.' }),
  lease: Type.Optional(Type.Integer({ description: 'With which it ends; absent: none.' })),
})
export type KvEntry = Static<typeof KvEntry>

export const KvList = Type.Object({
  entries: Type.Array(KvEntry),
  next: Type.Union([Type.String(), Type.Null()]),
  revision: Type.Integer({ description: 'Of which this page tells.' }),
})
export type KvList = Static<typeof KvList>

export const KvPutAnswer = Type.Object({
  key: Type.String(),
  modRevision: Type.Integer(),
  createRevision: Type.Integer(),
  created: Type.Boolean({ description: 'Whether the key was not there before.' }),
})
export type KvPutAnswer = Static<typeof KvPutAnswer>

export const KvDeleted = Type.Object({ deleted: Type.Integer({ description: 'How many keys.' }) })
export type KvDeleted = Static<typeof KvDeleted>
