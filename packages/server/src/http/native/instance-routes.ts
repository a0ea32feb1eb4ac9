/**
 * One instance: register, renew, read, patch, cancel.
 *
 * @module
 */

import { HEADERS, Instance, PatchBody, Problem, RegisterBody, Session } from '@rollcall/protocol'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import type { InstancePlane } from '../../instances/index.ts'
import { presentInstance } from '../present-instance.ts'
import { InstanceParams, PlaceQuery, refOf } from './places.ts'

const PATH = '/services/:service/instances/:id'

const SessionQuery = Type.Object(
  { ...PlaceQuery.properties, session: Type.Optional(Session) },
  { additionalProperties: false },
)
const HeartbeatQuery = Type.Object(
  {
    ...SessionQuery.properties,
    content: Type.Optional(
      Type.Integer({ minimum: 0, description: 'The contentVersion that the client last got.' }),
    ),
  },
  { additionalProperties: false },
)

interface About<Q, B = unknown> {
  Params: InstanceParams
  Querystring: Q
  Body: B
}

export interface InstanceRoutesOptions {
  readonly instances: InstancePlane
}

const tags = ['instances']
const params = InstanceParams

const SCHEMAS = {
  register: {
    summary: 'Register an instance, or change what it says of itself',
    tags,
    params,
    querystring: PlaceQuery,
    body: RegisterBody,
    response: { 200: Instance, 201: Instance, '4xx': Problem },
  },
  renew: {
    summary: 'Renew an instance',
    tags,
    params,
    querystring: HeartbeatQuery,
    response: { 204: Type.Null(), '4xx': Problem },
  },
  read: {
    summary: 'One instance',
    tags,
    params,
    querystring: PlaceQuery,
    response: { 200: Instance, '4xx': Problem },
  },
  set: {
    summary: "An operator's word on an instance: status override, metadata, weight",
    tags,
    params,
    querystring: PlaceQuery,
    body: PatchBody,
    response: { 200: Instance, '4xx': Problem },
  },
  cancel: {
    summary: 'Cancel an instance',
    tags,
    params,
    querystring: SessionQuery,
    response: { 204: Type.Null(), '4xx': Problem },
  },
}

export const instanceRoutes: FastifyPluginAsync<InstanceRoutesOptions> = async (app, options) => {
  const { instances } = options
  const at = ({ params, query }: { params: InstanceParams; query: PlaceQuery }) =>
    refOf(instances.place, params, query)

  app.put<About<PlaceQuery, RegisterBody>>(PATH, { schema: SCHEMAS.register }, (request, reply) => {
    const { session, ...facts } = request.body
    const { created, instance } = instances.register({ ref: at(request), facts, session })
    return reply.code(created ? 201 : 200).send(presentInstance(instance))
  })

  app.post<About<Static<typeof HeartbeatQuery>>>(
    `${PATH}/heartbeat`,
    { schema: SCHEMAS.renew },
    (request, reply) => {
      const { home } = instances.renew(at(request), request.query)
      return reply.code(204).header(HEADERS.home, home).send()
    },
  )

  app.get<About<PlaceQuery>>(PATH, { schema: SCHEMAS.read }, (request) => {
    const { instance, lastRenewedAtMs } = instances.instance(at(request))
    return presentInstance(instance, lastRenewedAtMs)
  })

  app.patch<About<PlaceQuery, PatchBody>>(PATH, { schema: SCHEMAS.set }, (request) =>
    presentInstance(instances.set(at(request), request.body)),
  )

  app.delete<About<Static<typeof SessionQuery>>>(
    PATH,
    { schema: SCHEMAS.cancel },
    async (request, reply) => {
      // Resolved first: once it is cancelled, nothing says in which zone it was.
      const key = instances.resolve(at(request))
      instances.cancel(key, request.query.session)
      await instances.shipped(key)
      return reply.code(204).send()
    },
  )
}
