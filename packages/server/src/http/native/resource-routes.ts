/**
 * Resources, one at a time and as lists.
 *
 * @module
 */

import {
  API_BASE,
  NewResource,
  Problem,
  Resource,
  ResourceList,
  ResourcePatch,
  ResourceRows,
} from '@rollcall/protocol'
import { RegistryError } from '@rollcall/protocol/errors'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Catalog, ResourceWritten } from '../../catalog/index.ts'
import { FRESHNESS, readable, tellWritten } from './catalog-reads.ts'
import { nextOf, pageOf, PAGING } from './cursors.ts'
import { idempotencyOf } from './idempotency-key.ts'
import { presentResource } from '../present-resources.ts'
import { isTemplate, NS, ResourceIdParam, ResourceTypeParam, TEMPLATE } from './resource-params.ts'

const closed = { additionalProperties: false } as const

const TypeParams = Type.Object({ type: ResourceTypeParam })
type TypeParams = Static<typeof TypeParams>
const RowParams = Type.Object({ type: ResourceTypeParam, id: ResourceIdParam })
type RowParams = Static<typeof RowParams>

const ListQuery = Type.Object(
  { ns: Type.Optional(NS), template: TEMPLATE, ...PAGING, ...FRESHNESS },
  closed,
)
const PlaceQuery = Type.Object({ ns: NS, template: TEMPLATE }, closed)
const RowQuery = Type.Object({ ns: Type.Optional(NS), template: TEMPLATE, ...FRESHNESS }, closed)
const TargetQuery = Type.Object({ ns: Type.Optional(NS), template: TEMPLATE }, closed)
type TargetQuery = Static<typeof TargetQuery>

export interface ResourceRoutesOptions {
  readonly catalog: Catalog
  readonly limits: { readonly pageMax: number }
}

const tags = ['resources']

/** With a namespace there is one, and it is the answer; without, it may stand in several. */
const OneOrAll = Type.Union([Resource, ResourceRows])

const SCHEMAS = {
  list: {
    summary: 'Resources of a type in a namespace and below',
    tags,
    params: TypeParams,
    querystring: ListQuery,
    response: { 200: ResourceList, '4xx': Problem },
  },
  add: {
    summary: 'Add a resource',
    tags,
    params: TypeParams,
    querystring: PlaceQuery,
    body: NewResource,
    response: { 201: Resource, '4xx': Problem },
  },
  read: {
    summary: 'One resource; without a namespace wherever it stands',
    tags,
    params: RowParams,
    querystring: RowQuery,
    response: { 200: OneOrAll, '4xx': Problem },
  },
  change: {
    summary: 'Merge properties into a resource; without a namespace wherever it stands',
    tags,
    params: RowParams,
    querystring: TargetQuery,
    body: ResourcePatch,
    response: { 200: OneOrAll, '4xx': Problem },
  },
  remove: {
    summary: 'Delete a resource; without a namespace wherever it stands',
    tags,
    params: RowParams,
    querystring: TargetQuery,
    response: { 204: Type.Null(), '4xx': Problem },
  },
}

const LIST = '/resources/:type'
const ROW = '/resources/:type/:id'

export const resourceRoutes: FastifyPluginAsync<ResourceRoutesOptions> = async (app, options) => {
  const { catalog, limits } = options
  const { resources } = catalog

  app.get<{ Params: TypeParams; Querystring: Static<typeof ListQuery> }>(
    LIST,
    { schema: SCHEMAS.list },
    async (request, reply): Promise<ResourceList> => {
      const { ns = '', ...query } = request.query
      const { type } = request.params
      const template = isTemplate(query.template)
      await readable(catalog, request, reply)
      const list = ['resources', type, ns, template]
      const page = resources.list({ type, ns, template, ...pageOf(query, list, limits.pageMax) })
      return { resources: page.resources.map(presentResource), next: nextOf(page.next, list) }
    },
  )

  app.post<{ Params: TypeParams; Querystring: Static<typeof PlaceQuery>; Body: NewResource }>(
    LIST,
    { schema: SCHEMAS.add },
    async (request, reply) => {
      const { ns, template } = request.query
      const { type } = request.params
      const place = { type, ns, template: isTemplate(template) }
      const idempotency = idempotencyOf(request)
      const written = await resources.add(place, request.body, { idempotency })
      tellWritten(reply, written)
      const resource = presentResource(onlyOne(written))
      return reply.code(201).header('location', locationOf(resource, place)).send(resource)
    },
  )

  app.get<{ Params: RowParams; Querystring: Static<typeof RowQuery> }>(
    ROW,
    { schema: SCHEMAS.read },
    async (request, reply): Promise<Resource | ResourceRows> => {
      const { type, id, ns, template } = targetOf(request)
      await readable(catalog, request, reply)
      const rows = resources.byId(type, id, { ns, template })
      if (rows.length === 0) throw resourceNotFound({ type, id, ns })
      return oneOrAll(rows, ns)
    },
  )

  app.patch<{ Params: RowParams; Querystring: TargetQuery; Body: ResourcePatch }>(
    ROW,
    { schema: SCHEMAS.change },
    async (request, reply): Promise<Resource | ResourceRows> => {
      const { properties, ifRevision } = request.body
      const idempotency = idempotencyOf(request)
      const target = targetOf(request)
      const written = await resources.merge(target, properties, { ifRevision, idempotency })
      tellWritten(reply, written)
      return oneOrAll(written.resources, target.ns)
    },
  )

  app.delete<{ Params: RowParams; Querystring: TargetQuery }>(
    ROW,
    { schema: SCHEMAS.remove },
    async (request, reply) => {
      const idempotency = idempotencyOf(request)
      tellWritten(reply, await resources.delete(targetOf(request), { idempotency }))
      return reply.code(204).send()
    },
  )
}

interface Targeted {
  readonly params: RowParams
  readonly query: TargetQuery
}

function targetOf({ params: { type, id }, query: { ns, template } }: Targeted) {
  return { type, id, ns, template: isTemplate(template) }
}

interface Place {
  readonly ns: string
  readonly template: boolean
}

function locationOf({ type, id }: Resource, { ns, template }: Place): string {
  const [ofType, ofId, ofPlace] = [type, id, ns].map(encodeURIComponent)
  return `${API_BASE}/resources/${ofType}/${ofId}?ns=${ofPlace}${template ? '&template=1' : ''}`
}

type Rows = ResourceWritten['resources']

function oneOrAll(rows: Rows, ns: string | undefined): Resource | ResourceRows {
  const presented = rows.map(presentResource).sort(byPlace)
  const [first] = presented
  return ns !== undefined && first ? first : { resources: presented }
}

function byPlace(one: Resource, other: Resource): number {
  return one.ns < other.ns ? -1 : 1
}

function onlyOne({ resources: [resource] }: ResourceWritten): Rows[number] {
  if (!resource) throw new Error('A resource was added, and none was answered.')
  return resource
}

interface Missing {
  readonly type: string
  readonly id: string
  readonly ns: string | undefined
}

function resourceNotFound({ type, id, ns }: Missing): RegistryError {
  const where = ns === undefined ? '' : ` in the namespace "${ns}"`
  const message = `There is no ${type} "${id}"${where}; search for it, it may have been moved.`
  const details = { type, id, ...(ns !== undefined && { ns }) }
  return new RegistryError('resource_not_found', message, { details })
}
