/**
 * Services: the list, and one of them, at once or when it changes.
 *
 * @module
 */

import { HEADERS, Problem, ServiceList, ServiceView } from '@rollcall/protocol'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { InstancePlane } from '../../instances/index.ts'
import { filteredQuery, instanceFilter } from '../instance-filter.ts'
import { etagOf, sendService } from '../send-service.ts'
import type { ServiceBodies, ServiceBody } from '../service-bodies.ts'
import { whenGone } from '../when-gone.ts'
import { tagsIn } from './entity-tags.ts'
import type { LongPolls, Poll } from './long-polls.ts'
import { pageOf } from './pages.ts'
import { ENV, ServiceParams } from './places.ts'
import { serviceNotFound } from './service-not-found.ts'
import { parseWait, WAIT_PATTERN } from './wait.ts'

const ListQuery = Type.Object(
  {
    env: Type.Optional(Type.String({ minLength: 1, description: '`*` for all envs.' })),
    prefix: Type.Optional(Type.String({ maxLength: 128 })),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
  },
  { additionalProperties: false },
)

const ReadQuery = filteredQuery({
  env: ENV,
  after: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: 'The token of what you have.' }),
  ),
  wait: Type.Optional(
    Type.String({ pattern: WAIT_PATTERN, description: 'How long to wait for a change: `30s`.' }),
  ),
})
type ReadQuery = Static<typeof ReadQuery> & { readonly [metadata: string]: unknown }

export interface ServiceRoutesOptions {
  readonly node: string
  readonly instances: InstancePlane
  readonly bodies: ServiceBodies
  readonly polls: LongPolls
  readonly limits: { readonly waitMaxMs: number; readonly pageMax: number }
}

export const serviceRoutes: FastifyPluginAsync<ServiceRoutesOptions> = async (app, options) => {
  const { instances, limits } = options
  const tags = ['services']

  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/services',
    {
      schema: {
        summary: 'Services that have instances, by env and name',
        tags,
        querystring: ListQuery,
        response: { 200: ServiceList, '4xx': Problem },
      },
    },
    (request) => pageOf(instances, request.query, limits.pageMax),
  )

  app.get<{ Params: ServiceParams; Querystring: ReadQuery }>(
    '/services/:service',
    {
      schema: {
        summary: 'One service with its instances, at once or when it changes',
        tags,
        params: ServiceParams,
        querystring: ReadQuery,
        response: { 200: ServiceView, 304: Type.Null(), '4xx': Problem },
      },
    },
    (request, reply) => readService(options, request, reply),
  )
}

async function readService(
  { node, instances, bodies, polls, limits }: ServiceRoutesOptions,
  request: FastifyRequest<{ Params: ServiceParams; Querystring: ReadQuery }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { query } = request
  const key = { env: query.env ?? instances.place.env, service: request.params.service }
  const filter = instanceFilter(query)
  const waitMs = parseWait(query.wait, limits.waitMaxMs)
  const seen = tagsIn(request.headers['if-none-match'])
  const after = query.after ?? (query.wait === undefined ? undefined : seen[0])
  const send = (body: ServiceBody) => {
    reply.hijack()
    sendService({ node, request: request.raw, response: reply.raw }, body)
    return reply
  }
  if (after !== undefined || query.wait !== undefined) {
    reply.waitedOnPurpose = true
    const body = await polls.wait({ key, filter, after, waitMs, gone: goneOf(request, reply) })
    return body ? send(body) : notModified(reply, bodies.get(key, filter))
  }
  const body = bodies.get(key, filter)
  if (!body.known) throw serviceNotFound(instances, key, body.token)
  return seen.includes(body.token) ? notModified(reply, body) : send(body)
}

function notModified(reply: FastifyReply, body: ServiceBody): FastifyReply {
  return reply.code(304).header('etag', etagOf(body)).header(HEADERS.token, body.token).send()
}

function goneOf(request: FastifyRequest, reply: FastifyReply): Poll['gone'] {
  return (then) => whenGone(request.raw, reply.raw, then)
}
