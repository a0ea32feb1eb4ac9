/**
 * Keys and their values: one by one as bytes, and below a prefix as lists.
 *
 * @module
 */

import {
  HEADERS,
  Key,
  KvDeleted,
  KvList,
  KvPutAnswer,
  LeaseId,
  Problem,
  Revision,
} from '@rollcall/protocol'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { keyNotFound, type Catalog, type KeyValue } from '../../catalog/index.ts'
import { whenGone } from '../when-gone.ts'
import { FRESHNESS, readable, tellRead, tellWritten } from './catalog-reads.ts'
import { isSeen } from './entity-tags.ts'
import { idempotencyOf } from './idempotency-key.ts'
import { kvPageOf } from './kv-pages.ts'
import type { KvPoll, KvPolls } from './kv-polls.ts'
import { parseWait, WAIT_PATTERN } from './wait.ts'

const KeyParams = Type.Object({ '*': Key })
type KeyParams = Static<typeof KeyParams>

const closed = { additionalProperties: false } as const

const WAITING = {
  after: Type.Optional(
    Type.Integer({ ...Revision, description: 'The revision of what you have.' }),
  ),
  wait: Type.Optional(
    Type.String({ pattern: WAIT_PATTERN, description: 'How long to wait for a change: `30s`.' }),
  ),
}
const ReadQuery = Type.Object({ ...FRESHNESS, ...WAITING }, closed)
type ReadQuery = Static<typeof ReadQuery>

const ListQuery = Type.Object(
  {
    prefix: Type.Optional(Type.String({ description: 'Default: every key.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
    keysOnly: Type.Optional(Type.Enum(['0', '1'], { description: '1: without the values.' })),
    ...ReadQuery.properties,
  },
  closed,
)
type ListQuery = Static<typeof ListQuery>

const IF_REVISION = Type.Optional(
  Type.Integer({
    ...Revision,
    description: 'Only if this is its modRevision; 0: if it is not there.',
  }),
)
const PutQuery = Type.Object({ ifRevision: IF_REVISION, lease: Type.Optional(LeaseId) }, closed)
const DeleteQuery = Type.Object({ ifRevision: IF_REVISION }, closed)
const PrefixQuery = Type.Object({ prefix: Type.String({ minLength: 1 }) }, closed)

export interface KvRoutesOptions {
  readonly catalog: Catalog
  readonly kvPolls: KvPolls
  readonly limits: {
    readonly catalogBodyMaxBytes: number
    readonly waitMaxMs: number
    readonly pageMax: number
  }
}

const tags = ['kv']
const params = KeyParams
/** Nothing about it is checked here: whatever comes is a value. */
const Bytes = {
  content: { 'application/octet-stream': { schema: Type.Unknown({ description: 'The value.' }) } },
}

const SCHEMAS = {
  read: {
    summary: 'The value of a key, at once or when it changes',
    tags,
    params,
    querystring: ReadQuery,
    response: { 200: Bytes, 304: Type.Null(), '4xx': Problem },
  },
  put: {
    summary: 'Set a key to the bytes of the body',
    tags,
    params,
    querystring: PutQuery,
    body: Bytes,
    response: { 200: KvPutAnswer, '4xx': Problem },
  },
  remove: {
    summary: 'Delete a key',
    tags,
    params,
    querystring: DeleteQuery,
    response: { 204: Type.Null(), '4xx': Problem },
  },
  list: {
    summary: 'Keys below a prefix, at once or when one changes',
    tags,
    querystring: ListQuery,
    response: { 200: KvList, 304: Type.Null(), '4xx': Problem },
  },
  removeAll: {
    summary: 'Delete up to 10,000 keys below a prefix',
    tags,
    querystring: PrefixQuery,
    response: { 200: KvDeleted, '4xx': Problem },
  },
}

const PATH = '/kv/*'
/** Clients that want JSON from all others get bytes here all the same. */
const VALUE_TYPES = ['application/octet-stream', 'application/json']
const NO_BYTES = new Uint8Array()

export const kvRoutes: FastifyPluginAsync<KvRoutesOptions> = async (app, options) => {
  const { catalog, limits } = options
  const { kv } = catalog
  takeBytes(app)

  app.get<{ Params: KeyParams; Querystring: ReadQuery }>(
    PATH,
    { schema: SCHEMAS.read, config: { answers: VALUE_TYPES } },
    (request, reply) => readKey(options, request, reply),
  )

  app.put<{ Params: KeyParams; Querystring: Static<typeof PutQuery>; Body: Buffer | undefined }>(
    PATH,
    { schema: SCHEMAS.put, bodyLimit: limits.catalogBodyMaxBytes },
    async (request, reply) => {
      const { ifRevision, lease } = request.query
      const idempotency = idempotencyOf(request)
      const value = request.body ?? NO_BYTES
      const options = { ifRevision, lease, idempotency }
      const written = await kv.put(request.params['*'], value, options)
      tellWritten(reply, written)
      const { key, modRevision, createRevision, created } = written
      return { key, modRevision, createRevision, created }
    },
  )

  app.delete<{ Params: KeyParams; Querystring: Static<typeof DeleteQuery> }>(
    PATH,
    { schema: SCHEMAS.remove },
    async (request, reply) => {
      const { ifRevision } = request.query
      const idempotency = idempotencyOf(request)
      tellWritten(reply, await kv.delete(request.params['*'], { ifRevision, idempotency }))
      return reply.code(204).send()
    },
  )

  app.get<{ Querystring: ListQuery }>('/kv', { schema: SCHEMAS.list }, (request, reply) =>
    readList(options, request, reply),
  )

  app.delete<{ Querystring: Static<typeof PrefixQuery> }>(
    '/kv',
    { schema: SCHEMAS.removeAll },
    async (request, reply) => {
      const idempotency = idempotencyOf(request)
      const written = await kv.deletePrefix(request.query.prefix, { idempotency })
      tellWritten(reply, written)
      return { deleted: written.deleted }
    },
  )
}

/** A value is bytes, whatever its sender calls them. */
function takeBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => {
    done(null, bytes)
  })
}

type Reading<Q extends ReadQuery, P = unknown> = FastifyRequest<{ Params: P; Querystring: Q }>

async function readKey(
  options: KvRoutesOptions,
  request: Reading<ReadQuery, KeyParams>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { catalog } = options
  const key = request.params['*']
  await readable(catalog, request, reply)
  const isNew = await changed(options, { request, reply, prefix: key, key })
  if (!isNew) return reply.code(304).send()
  const entry = catalog.kv.get(key)
  if (!entry) throw keyNotFound(key)
  return sendEntry(request, reply, entry)
}

function sendEntry(request: FastifyRequest, reply: FastifyReply, entry: KeyValue): FastifyReply {
  const { value, modRevision, createRevision, lease } = entry
  void reply.headers({ etag: `"${modRevision}"`, [HEADERS.createRevision]: createRevision })
  if (lease > 0) void reply.header(HEADERS.lease, lease)
  if (isSeen(request.headers['if-none-match'], String(modRevision))) return reply.code(304).send()
  void reply.type('application/octet-stream')
  return reply.send(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
}

async function readList(
  options: KvRoutesOptions,
  request: Reading<ListQuery>,
  reply: FastifyReply,
): Promise<KvList | FastifyReply> {
  const { catalog, limits } = options
  const { prefix = '', limit, cursor, keysOnly } = request.query
  await readable(catalog, request, reply)
  const isNew = await changed(options, { request, reply, prefix })
  if (!isNew) return reply.code(304).send()
  const query = { prefix, limit, cursor, keysOnly: keysOnly === '1' }
  const page = kvPageOf(catalog.kv, query, limits.pageMax)
  return { ...page, revision: Number(reply.getHeader(HEADERS.revision)) }
}

interface Watched extends Pick<KvPoll, 'prefix' | 'key'> {
  readonly request: Reading<ReadQuery>
  readonly reply: FastifyReply
}

/** Waits for news where the request asks for that. What is read right after is from the state that the answer tells. */
async function changed(
  { catalog, kvPolls, limits }: KvRoutesOptions,
  { request, reply, prefix, key }: Watched,
): Promise<boolean> {
  const { after, wait } = request.query
  if (after === undefined && wait === undefined) return true
  reply.waitedOnPurpose = true
  const waitMs = parseWait(wait, limits.waitMaxMs)
  const gone = (then: () => void) => whenGone(request.raw, reply.raw, then)
  const isNew = await kvPolls.wait({ prefix, key, after, waitMs, gone })
  tellRead(reply, await catalog.readable({}))
  return isNew
}
