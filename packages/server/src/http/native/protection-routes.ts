/**
 * An operator's word on the protection of a service.
 *
 * @module
 */

import { Problem, ProtectionAnswer, ProtectionBody } from '@rollcall/protocol'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import type { InstancePlane } from '../../instances/index.ts'
import { presentProtection } from '../present-instance.ts'
import { ENV, ServiceParams } from './places.ts'

const EnvQuery = Type.Object({ env: ENV }, { additionalProperties: false })

export interface ProtectionRoutesOptions {
  readonly instances: InstancePlane
}

export const protectionRoutes: FastifyPluginAsync<ProtectionRoutesOptions> = async (
  app,
  { instances },
) => {
  app.post<{
    Params: ServiceParams
    Querystring: Static<typeof EnvQuery>
    Body: ProtectionBody
  }>(
    '/services/:service/protection',
    {
      schema: {
        summary: 'End, forbid or allow that lapsed instances of a service are kept',
        tags: ['services'],
        params: ServiceParams,
        querystring: EnvQuery,
        body: ProtectionBody,
        response: { 200: ProtectionAnswer, '4xx': Problem },
      },
    },
    (request) => {
      const env = request.query.env ?? instances.place.env
      const key = { env, service: request.params.service }
      const { forbidden, ...state } = instances.protect(key, request.body.action)
      return { protected: presentProtection(state.protected), forbidden }
    },
  )
}
