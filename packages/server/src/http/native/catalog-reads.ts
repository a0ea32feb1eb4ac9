/**
 * From which state of the catalog a request is answered, as its headers ask and tell.
 *
 * @module
 */

import { HEADERS, invalidArgument } from '@rollcall/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Catalog, ReadPoint, Written } from '../../catalog/index.ts'

const CONSISTENCIES = ['view', 'linearizable'] as const

/** What the query of every read of the catalog may say beside its own. */
export const FRESHNESS = {
  consistency: Type.Optional(
    Type.Enum([...CONSISTENCIES], {
      description:
        'linearizable: sees every write that was answered anywhere before. Default view: what this node has heard of.',
    }),
  ),
}

const FreshnessQuery = Type.Object(FRESHNESS)

export type ReadRequest = Pick<
  FastifyRequest<{ Querystring: Static<typeof FreshnessQuery> }>,
  'query' | 'headers'
>

/**
 * Waits until the view is as fresh as the request asks, and tells in the answer how fresh it is.
 * Throws `unavailable` when that takes too long. What is read right after is from that state.
 */
export async function readable(
  catalog: Catalog,
  { query, headers }: ReadRequest,
  reply: FastifyReply,
): Promise<ReadPoint> {
  const minRevision = minRevisionOf(headers[HEADERS.minRevision])
  const point = await catalog.readable({ consistency: query.consistency, minRevision })
  tellRead(reply, point)
  return point
}

/** Tells in the answer of which state it is, and for how long that may have been overtaken. */
export function tellRead(reply: FastifyReply, { revision, staleMs }: ReadPoint): void {
  void reply.header(HEADERS.revision, revision)
  if (staleMs === undefined) void reply.removeHeader(HEADERS.stale)
  else void reply.header(HEADERS.stale, Math.round(staleMs))
}

/** Tells in the answer at which revision the write is, and whether this node shows it yet. */
export function tellWritten(reply: FastifyReply, { revision, isBehind }: Written): void {
  void reply.header(HEADERS.revision, revision)
  if (isBehind) void reply.header(HEADERS.view, 'behind')
}

const REVISION = /^[0-9]{1,16}$/

function minRevisionOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  const revision = typeof header === 'string' && REVISION.test(header) ? Number(header) : Number.NaN
  if (Number.isSafeInteger(revision)) return revision
  throw invalidArgument('X-Rollcall-Min-Revision must be a revision: a whole number.', {
    field: `headers.${HEADERS.minRevision}`,
  })
}
