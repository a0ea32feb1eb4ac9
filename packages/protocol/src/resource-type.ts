/**
 * What a type of resources demands of them.
 *
 * @module
 */

import { Type, type Static } from 'typebox'

export const TypeBody = Type.Object(
  {
    primaryKey: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'A property that each resource has, unique in its namespace. Absent: none.',
      }),
    ),
    schema: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'A JSON Schema that the properties have to fit. Absent: any do.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type TypeBody = Static<typeof TypeBody>

export const ResourceType = Type.Object({
  type: Type.String(),
  primaryKey: Type.Union([Type.String(), Type.Null()]),
  schema: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  revision: Type.Integer({
    description: 'Of its description; 0 for a type that is known without one.',
  }),
})
export type ResourceType = Static<typeof ResourceType>

export const ResourceTypeList = Type.Object({
  types: Type.Array(ResourceType),
  next: Type.Union([Type.String(), Type.Null()]),
})
export type ResourceTypeList = Static<typeof ResourceTypeList>
