/**
 * Renewals in bulk: one request for everything that runs on a machine.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Name, Session } from './instance.ts'

export const HeartbeatItem = Type.Object(
  {
    service: Name,
    id: Name,
    env: Type.Optional(Name),
    zone: Type.Optional(Name),
    session: Type.Optional(Session),
    content: Type.Optional(
      Type.Integer({ minimum: 0, description: 'The `contentVersion` that the client last got.' }),
    ),
  },
  { additionalProperties: false },
)
export type HeartbeatItem = Static<typeof HeartbeatItem>

export const HeartbeatsBody = Type.Object(
  { instances: Type.Array(HeartbeatItem, { description: 'Up to 10,000.' }) },
  { additionalProperties: false },
)
export type HeartbeatsBody = Static<typeof HeartbeatsBody>

export const InstanceRef = Type.Object({
  service: Type.String(),
  env: Type.String(),
  zone: Type.String(),
  id: Type.String(),
})
export type InstanceRef = Static<typeof InstanceRef>

export const HeartbeatsAnswer = Type.Object({
  renewed: Type.Integer(),
  missing: Type.Array(InstanceRef, { description: 'Register these again.' }),
  superseded: Type.Array(InstanceRef, { description: 'A newer process holds these; stop.' }),
  homes: Type.Optional(
    Type.Record(Type.String(), Type.Array(Type.Integer()), {
      description: 'With `homes=1`: node id to indexes of the request.',
    }),
  ),
})
export type HeartbeatsAnswer = Static<typeof HeartbeatsAnswer>
