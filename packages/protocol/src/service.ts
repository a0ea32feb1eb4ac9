/**
 * A service as it travels: one line of the list, and the whole of it.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Instance } from './instance.ts'

export const PROTECTION_REASONS = ['mass_lapse', 'node_mass_lapse', 'isolated'] as const

export const Protected = Type.Union(
  [
    Type.Null(),
    Type.Object({
      reason: Type.Enum([...PROTECTION_REASONS]),
      since: Type.Integer({ description: 'Epoch milliseconds.' }),
      held: Type.Integer({ description: 'Instances kept although their deadline passed.' }),
      endsAt: Type.Integer({ description: 'Epoch milliseconds; at the latest.' }),
    }),
  ],
  { description: 'Why lapsed instances are kept, or null.' },
)
export type Protected = Static<typeof Protected>

export const ServiceSummary = Type.Object({
  service: Type.String(),
  env: Type.String(),
  instanceCount: Type.Integer(),
  upCount: Type.Integer(),
  zones: Type.Record(Type.String(), Type.Integer()),
  revision: Type.Integer(),
  protected: Protected,
})
export type ServiceSummary = Static<typeof ServiceSummary>

export const ServiceList = Type.Object({
  services: Type.Array(ServiceSummary),
  next: Type.Union([Type.String(), Type.Null()]),
})
export type ServiceList = Static<typeof ServiceList>

export const ServiceView = Type.Object({
  service: Type.String(),
  env: Type.String(),
  revision: Type.Integer(),
  token: Type.String({ description: 'Opaque; hand it back as `after`.' }),
  protected: Protected,
  instances: Type.Array(Instance),
})
export type ServiceView = Static<typeof ServiceView>

export const PROTECTION_ACTIONS = ['end', 'forbid', 'allow'] as const
export type ProtectionAction = (typeof PROTECTION_ACTIONS)[number]

export const ProtectionBody = Type.Object(
  { action: Type.Enum([...PROTECTION_ACTIONS]) },
  { additionalProperties: false },
)
export type ProtectionBody = { action: ProtectionAction }

export const ProtectionAnswer = Type.Object({ protected: Protected, forbidden: Type.Boolean() })
export type ProtectionAnswer = Static<typeof ProtectionAnswer>
