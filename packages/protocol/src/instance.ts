/**
 * An instance as it travels: what a client writes, and what everybody reads.
 *
 * Limits that answer `limit_exceeded` (how many, how large) are not in these schemas, which
 * answer `invalid_argument` (what form): the server checks them itself, see `limits.ts`.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { LIMITS } from './limits.ts'
import { NAME_PATTERN } from './names.ts'

export const INSTANCE_STATUSES = ['up', 'starting', 'out_of_service', 'down'] as const

/** `scheme://host:port`; an IPv6 host stands in brackets. */
export const ADDRESS_PATTERN =
  '^[A-Za-z][A-Za-z0-9+.-]*://(\\[[0-9A-Fa-f:.%]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}(/\\S*)?$'

export const Name = Type.String({
  minLength: 1,
  maxLength: LIMITS.nameMaxLength,
  pattern: NAME_PATTERN,
  description: '1 to 128 of `A-Z a-z 0-9 . _ - : /`, without `..` or a leading slash.',
})

export const InstanceStatus = Type.Enum([...INSTANCE_STATUSES], {
  description: 'Whether a client should send traffic: only to `up`.',
})
export type InstanceStatus = (typeof INSTANCE_STATUSES)[number]

const Metadata = Type.Record(Type.String(), Type.String(), {
  description: 'Up to 64 pairs, 4 KiB of UTF-8 in all.',
})
const Tags = Type.Array(Type.String({ minLength: 1 }), { description: 'Up to 64.' })
const Addresses = Type.Array(Type.String({ pattern: ADDRESS_PATTERN }), {
  description: 'Where the instance listens, each `scheme://host:port`; up to 16.',
})
const Weight = Type.Integer({
  minimum: 0,
  maximum: LIMITS.weightMax,
  description: 'Share of traffic relative to the other instances; default 1.',
})
const TtlMs = Type.Integer({
  minimum: LIMITS.ttlMinMs,
  maximum: LIMITS.ttlMaxMs,
  description: 'How long the instance may be silent; renew at a third of it.',
})

/** Epoch milliseconds of the client process's start, which tells an old process from its successor. */
export const Session = Type.Integer({ minimum: LIMITS.sessionMin })

const closed = { additionalProperties: false } as const

export const RegisterBody = Type.Object(
  {
    addresses: Addresses,
    hostname: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.hostnameMaxLength })),
    version: Type.Optional(Type.String({ maxLength: LIMITS.versionMaxLength })),
    weight: Type.Optional(Weight),
    tags: Type.Optional(Tags),
    metadata: Type.Optional(Metadata),
    status: Type.Optional(InstanceStatus),
    ttlMs: Type.Optional(TtlMs),
    session: Type.Optional(Session),
  },
  closed,
)
export type RegisterBody = Static<typeof RegisterBody>

/** A merge patch (RFC 7396) by an operator: null lifts the override or deletes a metadata pair. */
export const PatchBody = Type.Object(
  {
    statusOverride: Type.Optional(Type.Union([InstanceStatus, Type.Null()])),
    metadata: Type.Optional(
      Type.Union([
        Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])),
        Type.Null(),
      ]),
    ),
    weight: Type.Optional(Type.Union([Weight, Type.Null()])),
  },
  closed,
)
export type PatchBody = Static<typeof PatchBody>

export const Instance = Type.Object({
  service: Type.String(),
  env: Type.String(),
  zone: Type.String(),
  id: Type.String(),
  hostname: Type.String(),
  addresses: Type.Array(Type.String()),
  version: Type.String(),
  weight: Type.Integer(),
  tags: Type.Array(Type.String()),
  metadata: Type.Record(Type.String(), Type.String()),
  status: Type.Enum([...INSTANCE_STATUSES], {
    description: 'What a client should act on: the override where there is one.',
  }),
  statusOverride: Type.Optional(InstanceStatus),
  ttlMs: Type.Integer(),
  registeredAt: Type.Integer({ description: 'Epoch milliseconds; start of this life.' }),
  upSince: Type.Integer({ description: 'Epoch milliseconds; last time the status became `up`.' }),
  home: Type.String({ description: 'The node that holds its deadline.' }),
  contentVersion: Type.Integer(),
  revision: Type.Integer({ description: 'Of its last visible change on the answering node.' }),
  heldSince: Type.Optional(
    Type.Integer({
      description: 'Its deadline passed then and protection keeps it; prefer others.',
    }),
  ),
  lastRenewedAt: Type.Optional(
    Type.Integer({ description: 'Epoch milliseconds, where the answering node knows it.' }),
  ),
})
export type Instance = Static<typeof Instance>
