/**
 * Renewals in bulk.
 *
 * @module
 */

import {
  HeartbeatsAnswer,
  type HeartbeatItem,
  HeartbeatsBody,
  LIMITS,
  Problem,
  limitExceeded,
  type InstanceRef,
} from '@rollcall/protocol'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import type { InstancePlane } from '../../instances/index.ts'

const HomesQuery = Type.Object(
  {
    homes: Type.Optional(
      Type.Enum(['0', '1'], { description: '1: also say which node is home of which.' }),
    ),
  },
  { additionalProperties: false },
)

export interface HeartbeatRoutesOptions {
  readonly instances: InstancePlane
  readonly limits: { readonly heartbeatsBodyMaxBytes: number }
}

export const heartbeatRoutes: FastifyPluginAsync<HeartbeatRoutesOptions> = async (app, options) => {
  const { instances, limits } = options

  app.post<{ Body: HeartbeatsBody; Querystring: Static<typeof HomesQuery> }>(
    '/heartbeats',
    {
      bodyLimit: limits.heartbeatsBodyMaxBytes,
      schema: {
        summary: 'Renew up to 10,000 instances at once',
        tags: ['instances'],
        querystring: HomesQuery,
        body: HeartbeatsBody,
        response: { 200: HeartbeatsAnswer, '4xx': Problem },
      },
    },
    (request) => {
      const sent = request.body.instances
      if (sent.length > LIMITS.heartbeatsMax) {
        throw limitExceeded('heartbeats in one request', LIMITS.heartbeatsMax, sent.length)
      }
      const { env } = instances.place
      const items = sent as (HeartbeatItem & { env: string })[]
      // In place: the body is ours, and ten thousand copies are not free.
      for (const item of items) item.env ??= env
      const { missing, superseded, homes } = instances.renewMany(items)
      const named = (indexes: readonly number[]): InstanceRef[] =>
        indexes.flatMap((at) => {
          const item = items[at]
          return item ? instances.resolve(item) : []
        })
      return {
        renewed: homes.size,
        missing: named(missing),
        superseded: named(superseded),
        ...(request.query.homes === '1' && { homes: byHome(homes) }),
      }
    },
  )
}

function byHome(homes: ReadonlyMap<number, string>): Record<string, number[]> {
  const indexes = new Map<string, number[]>()
  for (const [at, home] of homes) {
    const ofHome = indexes.get(home)
    if (ofHome) ofHome.push(at)
    else indexes.set(home, [at])
  }
  return Object.fromEntries(indexes)
}
