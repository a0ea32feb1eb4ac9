/**
 * The events of `GET /watch`, each one line of JSON in the `data:` of an SSE event.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Instance } from './instance.ts'
import { KvEntry, Revision } from './kv.ts'
import { Namespace } from './namespace.ts'
import { Resource } from './resource.ts'
import { Protected } from './service.ts'

/** Why an instance is no longer in what the watcher sees. `filtered`: it is there but no longer fits the filter. */
export const REMOVAL_REASONS = ['cancelled', 'evicted', 'hidden', 'filtered'] as const
export type RemovalReason = (typeof REMOVAL_REASONS)[number]

/**
 * Why a watcher starts over. The last three happen to watchers of the catalog only, the very last
 * to those of namespaces: something was moved to where they look, with all that is below it.
 */
export const RESYNC_REASONS = [
  'slow',
  'too_old',
  'other_node',
  'restored',
  'compacted',
  'moved_in',
] as const
export type ResyncReason = (typeof RESYNC_REASONS)[number]

/** What a watch may be of; one may have several. */
export const WATCH_PARTS = ['services', 'kv', 'ns'] as const
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

/** A page of what is at a path and below; the first puts an end to what was known of it. */
export const NsSnapshotEvent = Type.Object({
  revision: Revision,
  path: Type.String(),
  namespaces: Type.Array(Namespace, {
    description: 'In no order that means anything; what they hold follows, here or on later pages.',
  }),
  resources: Type.Array(Resource),
  templates: Type.Array(Resource, { description: 'Of inner namespaces.' }),
  more: Type.Boolean({ description: 'Whether another page of the path follows.' }),
})
export interface NsSnapshotEvent {
  revision: number
  path: string
  namespaces: Namespace[]
  resources: Resource[]
  templates: Resource[]
  more: boolean
}

export const NAMESPACE_CHANGES = [
  'created',
  'changed',
  'moved',
  'deleted',
  'resources',
  'templates',
] as const
export type NamespaceChangeKind = (typeof NAMESPACE_CHANGES)[number]

/** What one revision changed at one place; of each revision there may be several. */
export const NsEvent = Type.Object({
  revision: Revision,
  path: Type.String({ description: 'Of the namespace; of one that was moved: where it was.' }),
  kind: Type.Enum([...NAMESPACE_CHANGES]),
  namespace: Type.Optional(Namespace),
  id: Type.Optional(Type.String({ description: 'Of a namespace that was deleted.' })),
  type: Type.Optional(Type.String({ description: 'Of the resources or templates.' })),
  upserted: Type.Optional(Type.Array(Resource, { description: 'New ones and changed ones.' })),
  removed: Type.Optional(Type.Array(Type.String(), { description: 'Their ids.' })),
  more: Type.Optional(
    Type.Literal(true, { description: 'Another place of the same revision follows.' }),
  ),
})
/** Renamed or moved: all below went along, and nothing else is told of it. */
export type NsEvent = { revision: number; path: string; more?: true } & (
  | { kind: 'created' | 'changed' | 'moved'; namespace: Namespace }
  | { kind: 'deleted'; id: string }
  | { kind: 'resources' | 'templates'; type: string; upserted: Resource[]; removed: string[] }
)

export const ResyncEvent = Type.Object({
  reason: Type.Enum([...RESYNC_REASONS]),
  part: Type.Optional(
    Type.Enum([...WATCH_PARTS], {
      description: 'In a watch of several parts: which of them starts over. Absent: all.',
    }),
  ),
})
export type ResyncEvent = Static<typeof ResyncEvent>

export const PingEvent = Type.Object({ t: Type.Integer({ description: 'Epoch milliseconds.' }) })
export type PingEvent = Static<typeof PingEvent>

export const ByeEvent = Type.Object({ reason: Type.Literal('shutting_down') })
export type ByeEvent = Static<typeof ByeEvent>
