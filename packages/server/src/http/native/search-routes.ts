/**
 * Looking for resources by what they say.
 *
 * @module
 */

import { Problem, SEARCH_MODES, SearchAnswer, invalidArgument } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Catalog, SearchQuery as Sought } from '../../catalog/index.ts'
import { JSON_TYPE } from '../json-type.ts'
import { whenGone } from '../when-gone.ts'
import { FRESHNESS, readable } from './catalog-reads.ts'
import { nextOf, pageOf, PAGING } from './cursors.ts'
import { NS, ResourceTypeParam } from './resource-params.ts'
import { encodeAnswer } from './search-answer.ts'

const SearchQuery = Type.Object(
  {
    type: Type.Optional(ResourceTypeParam),
    ns: Type.Optional(NS),
    q: Type.Optional(Type.String({ description: 'Looked for in every property, and in the id.' })),
    key: Type.Optional(
      Type.String({ minLength: 1, description: 'One property; `_id` is the id.' }),
    ),
    value: Type.Optional(Type.String({ description: 'Looked for in the property `key`.' })),
    mode: Type.Optional(Type.Enum([...SEARCH_MODES], { description: 'Default exact.' })),
    ...PAGING,
    ...FRESHNESS,
  },
  { additionalProperties: false },
)
type SearchQuery = Static<typeof SearchQuery>

export interface SearchRoutesOptions {
  readonly catalog: Catalog
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly limits: { readonly pageMax: number }
}

const SCHEMA = {
  summary: 'Resources with a property of some value',
  tags: ['resources'],
  querystring: SearchQuery,
  response: { 200: SearchAnswer, '4xx': Problem },
}

export const searchRoutes: FastifyPluginAsync<SearchRoutesOptions> = async (app, options) => {
  app.get<{ Querystring: SearchQuery }>('/search', { schema: SCHEMA }, (request, reply) =>
    search(options, request, reply),
  )
}

async function search(
  { catalog, clock, limits }: SearchRoutesOptions,
  request: FastifyRequest<{ Querystring: SearchQuery }>,
  reply: FastifyReply,
): Promise<Buffer> {
  const sought = soughtBy(request.query)
  const { type, ns, key, value, mode } = sought
  const list = ['search', type, ns, key, value, mode]
  const page = pageOf(request.query, list, limits.pageMax)
  await readable(catalog, request, reply)
  const ending = { aborted: false }
  const stopWaiting = whenGone(request.raw, reply.raw, () => {
    ending.aborted = true
  })
  const startedMs = clock.monotonicMs()
  try {
    const found = await catalog.search({ ...sought, ...page }, ending)
    void reply.type(JSON_TYPE)
    return encodeAnswer({
      hits: found.hits,
      next: nextOf(found.next, list),
      tookMs: Math.round((clock.monotonicMs() - startedMs) * 1_000) / 1_000,
      scanned: found.scanned,
    })
  } finally {
    stopWaiting()
  }
}

/** Reads what is looked for, and in what. Throws `invalid_argument`. */
function soughtBy(query: SearchQuery): Omit<Sought, 'after' | 'limit'> {
  const { type, ns = '', q, key, mode = 'exact' } = query
  const isAny = q !== undefined && key === undefined && query.value === undefined
  const isOfKey = q === undefined && key !== undefined && query.value !== undefined
  const value = q ?? query.value
  if (value === undefined || (!isAny && !isOfKey)) {
    const message =
      'Say what to look for: with "q" in every property, or with "key" and "value" in one.'
    throw invalidArgument(message, { field: 'query' })
  }
  return { type, ns, key, value, mode }
}
