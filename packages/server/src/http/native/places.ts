/**
 * Where a request points: path and query parameters that name services and instances.
 *
 * @module
 */

import { Name } from '@rollcall/protocol'
import { Type, type Static } from 'typebox'
import type { InstanceRef } from '../../model/instance-key.ts'

export const InstanceParams = Type.Object({ service: Name, id: Name })
export type InstanceParams = Static<typeof InstanceParams>

export const ServiceParams = Type.Object({ service: Name })
export type ServiceParams = Static<typeof ServiceParams>

export const ENV = Type.Optional(Name)

const PLACE = {
  env: ENV,
  zone: Type.Optional(
    Type.String({ ...Name, description: 'Without it: the only zone where it is.' }),
  ),
}

/** Env and zone of a query, and nothing else. */
export const PlaceQuery = Type.Object(PLACE, { additionalProperties: false })
export type PlaceQuery = Static<typeof PlaceQuery>

/** Completes what the request left out. */
export function refOf(
  place: { readonly env: string },
  { service, id }: InstanceParams,
  { env, zone }: PlaceQuery,
): InstanceRef {
  return { env: env ?? place.env, service, zone, id }
}
