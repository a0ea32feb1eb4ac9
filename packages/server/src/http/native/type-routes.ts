/**
 * Types of resources: what each demands of its resources.
 *
 * @module
 */

import { API_BASE, Problem, ResourceType, ResourceTypeList, TypeBody } from '@rollcall/protocol'
import { RegistryError } from '@rollcall/protocol/errors'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Catalog } from '../../catalog/index.ts'
import { FRESHNESS, readable, tellWritten } from './catalog-reads.ts'
import { nextOf, pageOf, PAGING } from './cursors.ts'
import { idempotencyOf } from './idempotency-key.ts'
import { presentType } from '../present-resources.ts'
import { ResourceTypeParam } from './resource-params.ts'

const closed = { additionalProperties: false } as const

const TypeParams = Type.Object({ type: ResourceTypeParam })
type TypeParams = Static<typeof TypeParams>

const ReadQuery = Type.Object(FRESHNESS, closed)
const ListQuery = Type.Object({ ...PAGING, ...FRESHNESS }, closed)
const NoQuery = Type.Object({}, closed)

export interface TypeRoutesOptions {
  readonly catalog: Catalog
  readonly limits: { readonly pageMax: number }
}

const tags = ['resources']
const params = TypeParams

const SCHEMAS = {
  list: {
    summary: 'Types that are described or known without',
    tags,
    querystring: ListQuery,
    response: { 200: ResourceTypeList, '4xx': Problem },
  },
  read: {
    summary: 'What a type demands of its resources',
    tags,
    params,
    querystring: ReadQuery,
    response: { 200: ResourceType, '4xx': Problem },
  },
  put: {
    summary: 'Describe a type',
    tags,
    params,
    querystring: NoQuery,
    body: TypeBody,
    response: { 200: ResourceType, 201: ResourceType, '4xx': Problem },
  },
  remove: {
    summary: 'Forget the description of a type; its resources stay',
    tags,
    params,
    querystring: NoQuery,
    response: { 204: Type.Null(), '4xx': Problem },
  },
}

const PATH = '/types/:type'

export const typeRoutes: FastifyPluginAsync<TypeRoutesOptions> = async (app, options) => {
  const { catalog, limits } = options
  const { types } = catalog

  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/types',
    { schema: SCHEMAS.list },
    async (request, reply): Promise<ResourceTypeList> => {
      await readable(catalog, request, reply)
      const { limit, after } = pageOf(request.query, ['types'], limits.pageMax)
      const all = types
        .list()
        .filter(({ type }) => after === undefined || type > after)
        .sort((one, other) => (one.type < other.type ? -1 : 1))
      const page = all.slice(0, limit)
      const next = page.length < all.length ? page.at(-1)?.type : undefined
      return { types: page.map(presentType), next: nextOf(next, ['types']) }
    },
  )

  app.get<{ Params: TypeParams; Querystring: Static<typeof ReadQuery> }>(
    PATH,
    { schema: SCHEMAS.read },
    async (request, reply) => {
      await readable(catalog, request, reply)
      const { type } = request.params
      const described = types.get(type)
      if (!described) throw typeNotFound(type)
      return presentType(described)
    },
  )

  app.put<{ Params: TypeParams; Body: TypeBody }>(
    PATH,
    { schema: SCHEMAS.put },
    async (request, reply) => {
      const { type } = request.params
      const idempotency = idempotencyOf(request)
      const written = await types.put(type, request.body, { idempotency })
      tellWritten(reply, written)
      if (written.created) {
        void reply.code(201).header('location', `${API_BASE}/types/${encodeURIComponent(type)}`)
      }
      return presentType(written.described)
    },
  )

  app.delete<{ Params: TypeParams }>(PATH, { schema: SCHEMAS.remove }, async (request, reply) => {
    const idempotency = idempotencyOf(request)
    tellWritten(reply, await types.delete(request.params.type, { idempotency }))
    return reply.code(204).send()
  })
}

function typeNotFound(type: string): RegistryError {
  const message = `Nobody has described the type "${type}"; its resources may be of any form.`
  return new RegistryError('resource_not_found', message, { details: { type } })
}
