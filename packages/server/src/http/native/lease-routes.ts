/**
 * Leases: grant, look, keep alive, revoke.
 *
 * @module
 */

import {
  GrantAnswer,
  GrantBody,
  KeepAliveAnswer,
  KeepAliveBody,
  LIMITS,
  LeaseList,
  LeaseView,
  Problem,
  RenewedLease,
  invalidArgument,
  limitExceeded,
} from '@rollcall/protocol'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import { leaseNotFound, type Catalog } from '../../catalog/index.ts'
import { FRESHNESS, readable, tellWritten } from './catalog-reads.ts'
import { idempotencyOf } from './idempotency-key.ts'
import { leasePageOf } from './lease-pages.ts'

const closed = { additionalProperties: false } as const

const LeaseParams = Type.Object({
  id: Type.String({ pattern: '^[1-9][0-9]{0,15}$', description: 'A whole number.' }),
})
type LeaseParams = Static<typeof LeaseParams>

const ListQuery = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'How the name begins. Default: all.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
    ...FRESHNESS,
  },
  closed,
)
const FreshnessQuery = Type.Object(FRESHNESS, closed)
const NoQuery = Type.Object({}, closed)

export interface LeaseRoutesOptions {
  readonly catalog: Catalog
  readonly limits: { readonly pageMax: number }
}

const tags = ['leases']
const params = LeaseParams
const querystring = NoQuery

const SCHEMAS = {
  grant: {
    summary: 'Grant a lease',
    tags,
    querystring,
    body: GrantBody,
    response: { 201: GrantAnswer, '4xx': Problem },
  },
  list: {
    summary: 'Leases, by name',
    tags,
    querystring: ListQuery,
    response: { 200: LeaseList, '4xx': Problem },
  },
  read: {
    summary: 'One lease, with its keys',
    tags,
    params,
    querystring: FreshnessQuery,
    response: { 200: LeaseView, '4xx': Problem },
  },
  keepAlive: {
    summary: 'Keep a lease alive for another ttl',
    tags,
    params,
    querystring,
    response: { 200: RenewedLease, '4xx': Problem },
  },
  keepAllAlive: {
    summary: 'Keep up to 10,000 leases alive at once',
    tags,
    querystring,
    body: KeepAliveBody,
    response: { 200: KeepAliveAnswer, '4xx': Problem },
  },
  revoke: {
    summary: 'End a lease, and its keys with it',
    tags,
    params,
    querystring,
    response: { 204: Type.Null(), '4xx': Problem },
  },
}

export const leaseRoutes: FastifyPluginAsync<LeaseRoutesOptions> = async (app, options) => {
  const { catalog, limits } = options
  const { leases } = catalog

  app.post<{ Body: GrantBody }>('/leases', { schema: SCHEMAS.grant }, async (request, reply) => {
    const idempotency = idempotencyOf(request)
    const granted = await leases.grant({ ...request.body, idempotency })
    tellWritten(reply, granted)
    const { id, name, ttlMs, state } = granted
    return reply.code(201).send({ id, name, ttlMs, state } satisfies GrantAnswer)
  })

  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/leases',
    { schema: SCHEMAS.list },
    async (request, reply) => {
      await readable(catalog, request, reply)
      return leasePageOf(leases, request.query, limits.pageMax)
    },
  )

  app.get<{ Params: LeaseParams; Querystring: Static<typeof FreshnessQuery> }>(
    '/leases/:id',
    { schema: SCHEMAS.read },
    async (request, reply): Promise<LeaseView> => {
      await readable(catalog, request, reply)
      const { id, name, kind, ttlMs, remainingMs, state, keys } = await leases.get(idOf(request))
      return { id, name, kind, ttlMs, remainingMs, state, keys: [...keys] }
    },
  )

  app.post<{ Params: LeaseParams }>(
    '/leases/:id/keepalive',
    { schema: SCHEMAS.keepAlive },
    async (request): Promise<RenewedLease> => {
      const id = idOf(request)
      const { renewed } = await leases.keepAlive([id])
      const [lease] = renewed
      if (!lease) throw leaseNotFound(id)
      return lease
    },
  )

  app.post<{ Body: KeepAliveBody }>(
    '/leases/keepalive',
    { schema: SCHEMAS.keepAllAlive },
    async ({ body: { ids } }) => {
      if (ids.length > LIMITS.keepAliveMax) {
        throw limitExceeded('leases in one request', LIMITS.keepAliveMax, ids.length)
      }
      return leases.keepAlive(ids)
    },
  )

  app.delete<{ Params: LeaseParams }>(
    '/leases/:id',
    { schema: SCHEMAS.revoke },
    async (request, reply) => {
      tellWritten(reply, await leases.revoke(idOf(request)))
      return reply.code(204).send()
    },
  )
}

function idOf({ params }: { readonly params: LeaseParams }): number {
  const id = Number(params.id)
  if (Number.isSafeInteger(id)) return id
  throw invalidArgument('The id of a lease is below 2^53.', { field: 'path.id' })
}
