/**
 * The events of `GET /watch`, each one line of JSON in the `data:` of an SSE event.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Instance } from './instance.ts'
import { Protected } from './service.ts'

/** Why an instance is no longer in what the watcher sees. `filtered`: it is there but no longer fits the filter. */
export const REMOVAL_REASONS = ['cancelled', 'evicted', 'hidden', 'filtered'] as const
export type RemovalReason = (typeof REMOVAL_REASONS)[number]

export const RESYNC_REASONS = ['slow', 'too_old', 'other_node'] as const
export type ResyncReason = (typeof RESYNC_REASONS)[number]

export const SnapshotEvent = Type.Object({
  service: Type.String(),
  env: Type.String(),
  known: Type.Boolean({ description: 'False when the node holds no record of the service.' }),
  revision: Type.Integer(),
  token: Type.String(),
  protected: Protected,
  instances: Type.Array(Instance),
})
export type SnapshotEvent = Static<typeof SnapshotEvent>

export const Removal = Type.Object({
  zone: Type.String(),
  id: Type.String(),
  reason: Type.Enum([...REMOVAL_REASONS]),
})
export type Removal = Static<typeof Removal>

export const ChangeEvent = Type.Object({
  service: Type.String(),
  env: Type.String(),
  revision: Type.Integer(),
  token: Type.String(),
  upserted: Type.Array(Instance),
  removed: Type.Array(Removal),
})
export type ChangeEvent = Static<typeof ChangeEvent>

export const ResyncEvent = Type.Object({ reason: Type.Enum([...RESYNC_REASONS]) })
export type ResyncEvent = Static<typeof ResyncEvent>

export const PingEvent = Type.Object({ t: Type.Integer({ description: 'Epoch milliseconds.' }) })
export type PingEvent = Static<typeof PingEvent>

export const ByeEvent = Type.Object({ reason: Type.Literal('shutting_down') })
export type ByeEvent = Static<typeof ByeEvent>
