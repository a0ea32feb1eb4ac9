/**
 * The events of `GET /watch`, each one line of JSON in the `data:` of an SSE event.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Instance } from './instance.ts'
import { KvEntry, Revision } from './kv.ts'
import { Protected } from './service.ts'

/** Why an instance is no longer in what the watcher sees. `filtered`: it is there but no longer fits the filter. */
export const REMOVAL_REASONS = ['cancelled', 'evicted', 'hidden', 'filtered'] as const
export type RemovalReason = (typeof REMOVAL_REASONS)[number]

/** Why a watcher starts over. The last two happen to watchers of keys only. */
export const RESYNC_REASONS = ['slow', 'too_old', 'other_node', 'restored', 'compacted'] as const
export type ResyncReason = (typeof RESYNC_REASONS)[number]

/** What a watch may be of; one of both has both. */
export const WATCH_PARTS = ['services', 'kv'] as const
export type WatchPart = (typeof WATCH_PARTS)[number]

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

/** A page of what is below a prefix; the first puts an end to what was known of it. */
export const KvSnapshotEvent = Type.Object({
  revision: Revision,
  prefix: Type.String(),
  entries: Type.Array(KvEntry),
  more: Type.Boolean({ description: 'Whether another page of the prefix follows.' }),
})
export type KvSnapshotEvent = Static<typeof KvSnapshotEvent>

export const WatchedPut = Type.Object({
  key: Type.String(),
  valueBase64: Type.String(),
  modRevision: Revision,
  lease: Type.Optional(Type.Integer()),
})
export type WatchedPut = Static<typeof WatchedPut>

/** All that one revision changed below the prefixes of the watch. */
export const KvEvent = Type.Object({
  revision: Revision,
  puts: Type.Array(WatchedPut),
  deletes: Type.Array(Type.String()),
})
export type KvEvent = Static<typeof KvEvent>

export const ResyncEvent = Type.Object({
  reason: Type.Enum([...RESYNC_REASONS]),
  part: Type.Optional(
    Type.Enum([...WATCH_PARTS], {
      description: 'In a watch of services and keys: which of them start over. Absent: all.',
    }),
  ),
})
export type ResyncEvent = Static<typeof ResyncEvent>

export const PingEvent = Type.Object({ t: Type.Integer({ description: 'Epoch milliseconds.' }) })
export type PingEvent = Static<typeof PingEvent>

export const ByeEvent = Type.Object({ reason: Type.Literal('shutting_down') })
export type ByeEvent = Static<typeof ByeEvent>
