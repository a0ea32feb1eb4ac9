/**
 * Resources as they travel: maps of strings with an id, in a namespace, of a type.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Revision } from './kv.ts'

const closed = { additionalProperties: false } as const

const Properties = Type.Record(Type.String(), Type.String(), {
  description: 'Names and values; both are text.',
})
const PropertiesPatch = Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), {
  description: 'A merge patch (RFC 7396): what is absent stays, null removes.',
})
const Id = Type.String({ minLength: 1, description: 'Drawn where it is absent.' })
const Path = Type.String({ description: 'The path of a namespace.' })

export const Resource = Type.Object({
  id: Type.String({ description: 'Stays when it is moved.' }),
  ns: Type.String({ description: 'The path of the namespace that holds it.' }),
  type: Type.String(),
  properties: Properties,
  revision: Type.Integer({ description: 'Of its last change.' }),
})
export type Resource = Static<typeof Resource>

export const ResourceList = Type.Object({
  resources: Type.Array(Resource),
  next: Type.Union([Type.String(), Type.Null()]),
})
export type ResourceList = Static<typeof ResourceList>

/** Every row of one id: it may stand in several namespaces. */
export const ResourceRows = Type.Object({ resources: Type.Array(Resource) })
export type ResourceRows = Static<typeof ResourceRows>

export const NewResource = Type.Object({ id: Type.Optional(Id), properties: Properties }, closed)
export type NewResource = Static<typeof NewResource>

export const ReplaceBody = Type.Object(
  {
    resources: Type.Array(NewResource, { description: 'Up to 4,000; may be none.' }),
    ifRevision: Type.Optional(
      Type.Integer({
        ...Revision,
        description: 'Only if nothing of the type has changed here after this revision.',
      }),
    ),
  },
  closed,
)
export type ReplaceBody = Static<typeof ReplaceBody>

export const ReplaceAnswer = Type.Object({
  revision: Type.Integer(),
  ids: Type.Array(Type.String(), { description: 'In the order of the request.' }),
})
export type ReplaceAnswer = Static<typeof ReplaceAnswer>

export const ResourcePatch = Type.Object(
  {
    properties: PropertiesPatch,
    ifRevision: Type.Optional(
      Type.Integer({ ...Revision, description: 'Only if this is its revision.' }),
    ),
  },
  closed,
)
export type ResourcePatch = Static<typeof ResourcePatch>

const RowId = Type.String({ minLength: 1 })

export const ResourceOperation = Type.Union([
  Type.Object(
    {
      add: Type.Object({ ns: Path, id: Type.Optional(Id), properties: Properties }, closed),
    },
    closed,
  ),
  Type.Object(
    { update: Type.Object({ ns: Path, id: RowId, properties: PropertiesPatch }, closed) },
    closed,
  ),
  Type.Object({ delete: Type.Object({ ns: Path, id: RowId }, closed) }, closed),
])
export type ResourceOperation = Static<typeof ResourceOperation>

export const BatchBody = Type.Object(
  { ops: Type.Array(ResourceOperation, { description: 'Up to 4,000, done in order.' }) },
  closed,
)
export type BatchBody = Static<typeof BatchBody>

export const BatchAnswer = Type.Object({
  revision: Type.Integer(),
  results: Type.Array(Resource, {
    description: 'One for each operation: what was added or updated, or deleted, as it was.',
  }),
})
export type BatchAnswer = Static<typeof BatchAnswer>

export const TransferBody = Type.Object(
  { from: Path, to: Path, ids: Type.Array(RowId, { description: 'Up to 4,000.' }) },
  closed,
)
export type TransferBody = Static<typeof TransferBody>

export const TransferAnswer = Type.Object({
  revision: Type.Integer(),
  resources: Type.Array(Resource, { description: 'As they are now.' }),
})
export type TransferAnswer = Static<typeof TransferAnswer>
