/**
 * Leases as they travel: what is asked for, what was granted, what has become of it.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { LIMITS } from './limits.ts'
import { LeaseId } from './kv.ts'

export const LEASE_STATES = ['CREATE', 'ALIVE'] as const
export type LeaseState = (typeof LEASE_STATES)[number]

export const LEASE_KINDS = ['native', 'raftd'] as const
export type LeaseKind = (typeof LEASE_KINDS)[number]

const State = Type.Enum([...LEASE_STATES], {
  description: '`CREATE` until it was used for the first time, then `ALIVE`.',
})
const GrantedTtl = Type.Integer({ description: 'As granted: whole seconds, at least 2,000.' })

export const GrantBody = Type.Object(
  {
    ttlMs: Type.Integer({
      minimum: 1,
      maximum: LIMITS.leaseTtlMaxMs,
      description: 'How long it lives without a sign of life.',
    }),
    name: Type.Optional(Type.String({ description: 'Up to 512 bytes, for people.' })),
  },
  { additionalProperties: false },
)
export type GrantBody = Static<typeof GrantBody>

export const GrantAnswer = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  ttlMs: GrantedTtl,
  state: State,
})
export type GrantAnswer = { id: number; name: string; ttlMs: number; state: LeaseState }

const Kind = Type.Enum([...LEASE_KINDS], { description: 'Through which protocol it was granted.' })

export const LeaseSummary = Type.Object({ ...GrantAnswer.properties, kind: Kind })
export type LeaseSummary = GrantAnswer & { kind: LeaseKind }

export const LeaseList = Type.Object({
  leases: Type.Array(LeaseSummary),
  next: Type.Union([Type.String(), Type.Null()]),
})
export type LeaseList = { leases: LeaseSummary[]; next: string | null }

export const LeaseView = Type.Object({
  ...LeaseSummary.properties,
  remainingMs: Type.Integer({ description: 'Until it ends, unless it is kept alive.' }),
  keys: Type.Array(Type.String(), { description: 'Those that end with it.' }),
})
export type LeaseView = LeaseSummary & { remainingMs: number; keys: string[] }

export const RenewedLease = Type.Object({ id: Type.Integer(), ttlMs: GrantedTtl })
export type RenewedLease = Static<typeof RenewedLease>

export const KeepAliveBody = Type.Object(
  { ids: Type.Array(LeaseId, { description: 'Up to 10,000.' }) },
  { additionalProperties: false },
)
export type KeepAliveBody = Static<typeof KeepAliveBody>

export const KeepAliveAnswer = Type.Object({
  renewed: Type.Array(RenewedLease),
  missing: Type.Array(Type.Integer(), { description: 'Those that have ended.' }),
})
export type KeepAliveAnswer = Static<typeof KeepAliveAnswer>
