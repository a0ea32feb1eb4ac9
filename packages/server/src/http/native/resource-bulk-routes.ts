/**
 * Many resources as one step: replace all, do several things, move, copy.
 *
 * @module
 */

import {
  BatchAnswer,
  BatchBody,
  Problem,
  ReplaceAnswer,
  ReplaceBody,
  TransferAnswer,
  TransferBody,
} from '@rollcall/protocol'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Catalog } from '../../catalog/index.ts'
import { tellWritten } from './catalog-reads.ts'
import { idempotencyOf } from './idempotency-key.ts'
import { presentResource } from '../present-resources.ts'
import { isTemplate, NS, ResourceTypeParam, TEMPLATE } from './resource-params.ts'

const closed = { additionalProperties: false } as const

const TypeParams = Type.Object({ type: ResourceTypeParam })
type TypeParams = Static<typeof TypeParams>
const PlaceQuery = Type.Object({ ns: NS, template: TEMPLATE }, closed)
const BatchQuery = Type.Object({ template: TEMPLATE }, closed)
const NoQuery = Type.Object({}, closed)

export interface ResourceBulkRoutesOptions {
  readonly catalog: Catalog
}

const tags = ['resources']
const params = TypeParams
const querystring = NoQuery

const SCHEMAS = {
  replace: {
    summary: 'Put these resources in place of all of a type in a namespace',
    tags,
    params,
    querystring: PlaceQuery,
    body: ReplaceBody,
    response: { 200: ReplaceAnswer, '4xx': Problem },
  },
  batch: {
    summary: 'Add, update and delete up to 4,000 resources as one step',
    tags,
    params,
    querystring: BatchQuery,
    body: BatchBody,
    response: { 200: BatchAnswer, '4xx': Problem },
  },
  move: {
    summary: 'Move resources to another namespace; they keep their ids',
    tags,
    params,
    querystring,
    body: TransferBody,
    response: { 200: TransferAnswer, '4xx': Problem },
  },
  copy: {
    summary: 'Copy resources to another namespace; the copies get new ids',
    tags,
    params,
    querystring,
    body: TransferBody,
    response: { 200: TransferAnswer, '4xx': Problem },
  },
}

const LIST = '/resources/:type'
/** What these words are the ids of can be reached all the same. */
const config = { sharesPathWith: '/resources/:type/:id' }

export const resourceBulkRoutes: FastifyPluginAsync<ResourceBulkRoutesOptions> = async (
  app,
  { catalog: { resources } },
) => {
  app.put<{ Params: TypeParams; Querystring: Static<typeof PlaceQuery>; Body: ReplaceBody }>(
    LIST,
    { schema: SCHEMAS.replace },
    async (request, reply): Promise<ReplaceAnswer> => {
      const { ns, template } = request.query
      const { resources: given, ifRevision } = request.body
      const idempotency = idempotencyOf(request)
      const place = { type: request.params.type, ns, template: isTemplate(template) }
      const written = await resources.replace(place, given, { ifRevision, idempotency })
      tellWritten(reply, written)
      return { revision: written.revision, ids: written.resources.map(({ id }) => id) }
    },
  )

  app.post<{ Params: TypeParams; Querystring: Static<typeof BatchQuery>; Body: BatchBody }>(
    `${LIST}/batch`,
    { schema: SCHEMAS.batch, config },
    async (request, reply): Promise<BatchAnswer> => {
      const { ops } = request.body
      const template = isTemplate(request.query.template)
      const idempotency = idempotencyOf(request)
      const written = await resources.batch(request.params.type, ops, { template, idempotency })
      tellWritten(reply, written)
      return { revision: written.revision, results: written.resources.map(presentResource) }
    },
  )

  for (const kind of ['move', 'copy'] as const) {
    app.post<{ Params: TypeParams; Body: TransferBody }>(
      `${LIST}/${kind}`,
      { schema: SCHEMAS[kind], config },
      async (request, reply): Promise<TransferAnswer> => {
        const idempotency = idempotencyOf(request)
        const transfer = { type: request.params.type, ...request.body }
        const written = await resources[kind](transfer, { idempotency })
        tellWritten(reply, written)
        return { revision: written.revision, resources: written.resources.map(presentResource) }
      },
    )
  }
}
