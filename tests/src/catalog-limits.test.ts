/**
 * Every limit of the catalog, over the wire: the last that is taken, and the first that is refused
 * with the limit's name.
 *
 * @module
 */

import {
  HEADERS,
  LIMITS,
  type GrantAnswer,
  type Problem,
  type TxnCompare,
  type TxnOperation,
} from '@rollcall/protocol'
import { expect, test } from 'vitest'
import {
  base64,
  CatalogClient,
  done,
  jsonOf,
  pathOf,
  type CatalogRequest,
} from './support/catalog-client.ts'
import { startServer } from './support/spawn-server.ts'

const PUT = { method: 'PUT', bytes: Buffer.from('x') } as const
const DELETE = { method: 'DELETE' } as const

/** A request, and the status and the code that it is answered with. */
type Case = readonly [
  what: string,
  path: string,
  request: CatalogRequest,
  status: number,
  code?: Problem['code'],
]

const KEY_MAX = 'k'.repeat(LIMITS.kvKeyMaxBytes)
const NO_LEASE = Number.MAX_SAFE_INTEGER

const CASES: readonly Case[] = [
  ['a key of 512 bytes', pathOf(KEY_MAX), PUT, 200],
  ['a key of 513 bytes', pathOf(`${KEY_MAX}k`), PUT, 413, 'limit_exceeded'],
  ['a key of 514 bytes in 257 characters', pathOf('é'.repeat(257)), PUT, 413, 'limit_exceeded'],
  ['a key that is no text', '/kv/%FF', PUT, 400, 'invalid_argument'],
  ['a key with a NUL', pathOf('a\0b'), PUT, 200],
  ['no value', pathOf('empty'), { method: 'PUT' }, 200],
  ['a value of 1 MiB', pathOf('v'), put(LIMITS.kvValueMaxBytes), 200],
  ['a value of 1 MiB + 1', pathOf('v'), put(LIMITS.kvValueMaxBytes + 1), 413, 'limit_exceeded'],
  ['a body over 2 MiB', pathOf('v'), put(LIMITS.catalogBodyMaxBytes + 1), 413, 'limit_exceeded'],
  ['a revision below 0', `${pathOf('a')}?ifRevision=-1`, PUT, 400, 'invalid_argument'],
  ['a revision of 2^53', `${pathOf('a')}?ifRevision=${2 ** 53}`, PUT, 400, 'invalid_argument'],
  ['a lease that is not there', `${pathOf('a')}?lease=${NO_LEASE}`, PUT, 404, 'lease_not_found'],
  ['a lease of no number', `${pathOf('a')}?lease=abc`, PUT, 400, 'invalid_argument'],
  ['a lease with the id 0', `${pathOf('a')}?lease=0`, PUT, 400, 'invalid_argument'],
  ['a query nobody knows', `${pathOf('a')}?iffRevision=1`, PUT, 400, 'invalid_argument'],
  ['an idempotency key of 64', pathOf('a'), idempotent(64), 200],
  ['an idempotency key of 65', pathOf('a'), idempotent(65), 400, 'invalid_argument'],
  ['a delete of every key', '/kv', DELETE, 400, 'invalid_argument'],
  ['a delete below no prefix', '/kv?prefix=', DELETE, 400, 'invalid_argument'],
  ['a page of 1,000', '/kv?limit=1000', {}, 200],
  ['a page of 1,001', '/kv?limit=1001', {}, 413, 'limit_exceeded'],
  ['a page of 0', '/kv?limit=0', {}, 400, 'invalid_argument'],
  ['a cursor of somebody else', '/kv?cursor=garbage', {}, 400, 'invalid_argument'],
  ['a consistency nobody knows', '/kv?consistency=strong', {}, 400, 'invalid_argument'],
  ['a page of 1,001 leases', '/leases?limit=1001', {}, 413, 'limit_exceeded'],

  ['4,000 operations', '/txn', txn({ gets: 4_000 }), 200],
  ['4,001 operations', '/txn', txn({ gets: 4_001 }), 413, 'limit_exceeded'],
  ['4,001 in both branches', '/txn', txn({ gets: 2_000, more: 2_001 }), 413, 'limit_exceeded'],
  ['96 compares', '/txn', txn({ compares: 96 }), 200],
  ['97 compares', '/txn', txn({ compares: 97 }), 413, 'limit_exceeded'],
  ['a txn of more than 1 MiB + 64 KiB', '/txn', txn({ bytes: 1_114_113 }), 413, 'limit_exceeded'],
  ['a txn that puts a key twice', '/txn', txn({ same: 2 }), 400, 'invalid_argument'],
  ['a value that is no base64', '/txn', txn({ text: '*' }), 400, 'invalid_argument'],
  ['a txn with a word of its own', '/txn', post({ than: [] }), 400, 'invalid_argument'],
  [
    'a txn that is no JSON',
    '/txn',
    { method: 'POST', bytes: Buffer.from('{') },
    415,
    'unsupported_media_type',
  ],

  ['a ttl of 0', '/leases', post({ ttlMs: 0 }), 400, 'invalid_argument'],
  ['a ttl below 0', '/leases', post({ ttlMs: -1 }), 400, 'invalid_argument'],
  ['a ttl of a day', '/leases', post({ ttlMs: LIMITS.leaseTtlMaxMs }), 201],
  ['a longer ttl', '/leases', post({ ttlMs: LIMITS.leaseTtlMaxMs + 1 }), 400, 'invalid_argument'],
  ['no ttl', '/leases', post({ name: 'a' }), 400, 'invalid_argument'],
  ['a name of 512 bytes', '/leases', post({ ttlMs: 2_000, name: KEY_MAX }), 201],
  ['a name of 513', '/leases', post({ ttlMs: 2_000, name: `${KEY_MAX}k` }), 413, 'limit_exceeded'],
  ['a renewal of nobody', `/leases/${NO_LEASE}/keepalive`, post(), 404, 'lease_not_found'],
  ['an id of no number', '/leases/abc', {}, 400, 'invalid_argument'],
  ['an id of 2^53', `/leases/${2 ** 53}`, {}, 400, 'invalid_argument'],
  ['10,000 renewals', '/leases/keepalive', post({ ids: ids(10_000) }), 200],
  ['10,001 renewals', '/leases/keepalive', post({ ids: ids(10_001) }), 413, 'limit_exceeded'],

  ['a watch of 17 prefixes', `/watch?${'&kv=a'.repeat(17).slice(1)}`, {}, 413, 'limit_exceeded'],
  ['a watch after nonsense', '/watch?kv=a&after=~', {}, 400, 'invalid_argument'],
]

test.concurrent(
  'each limit is where it is said to be, and refuses with its name',
  async ({ expect }) => {
    await using server = await startServer()
    await using client = new CatalogClient(server.url)
    for (const [what, path, request, status, code] of CASES) {
      const answer = await client.ask(path, request)
      const problem = answer.status >= 400 ? (jsonOf(answer) as Problem) : undefined
      expect
        .soft([what, answer.status, problem?.code, problem])
        .toEqual([what, status, code, problem])
      if (problem?.code !== 'limit_exceeded') continue
      const { limit, what: name } = problem.details
      expect.soft([what, name, limit]).toEqual([what, expect.any(String), expect.any(Number)])
      expect.soft(problem.detail).toContain(String(limit))
    }
  },
  60_000,
)

test.concurrent(
  'a prefix of more than 10,000 keys is not deleted, and one of 10,000 is, whole',
  async () => {
    await using server = await startServer()
    await using client = new CatalogClient(server.url)
    const count = LIMITS.kvPrefixDeleteMax + 1
    for (let from = 0; from < count; from += LIMITS.txnOperationsMax) {
      const length = Math.min(LIMITS.txnOperationsMax, count - from)
      done(
        await client.txn({ then: Array.from({ length }, (_, at) => putOf(`many/${from + at}`)) }),
      )
    }
    done(await client.put('many', 'beside'))
    const refused = await client.ask('/kv?prefix=many/', DELETE)
    expect(refused.status).toBe(413)
    expect(jsonOf(refused)).toMatchObject({
      code: 'limit_exceeded',
      details: { limit: LIMITS.kvPrefixDeleteMax },
    })
    expect(await client.list('many/')).toHaveLength(count)

    done(await client.delete('many/0'))
    expect(done(await client.deletePrefix('many/')).answer).toEqual({ deleted: count - 1 })
    expect((await client.list('many')).map(({ key }) => key)).toEqual(['many'])
  },
)

test.concurrent(
  'a ttl is granted in whole seconds, at least two, never less than was asked for',
  async () => {
    await using server = await startServer()
    await using client = new CatalogClient(server.url)
    for (const [asked, granted] of [
      [1, 2_000],
      [2_000, 2_000],
      [2_001, 3_000],
      [86_400_000, 86_400_000],
    ]) {
      const lease = await client.read<GrantAnswer>('/leases', post({ ttlMs: asked }))
      expect([asked, lease.ttlMs, lease.state]).toEqual([asked, granted, 'CREATE'])
    }
  },
)

test.concurrent(
  'a read that has to see a revision of tomorrow is refused after five seconds',
  async () => {
    await using server = await startServer()
    await using client = new CatalogClient(server.url)
    const headers = { [HEADERS.minRevision]: '1000000' }
    const answer = await client.ask('/kv?prefix=a', { headers })
    expect(answer.status).toBe(503)
    expect(jsonOf(answer)).toMatchObject({ code: 'unavailable' })
    expect(answer.headers['retry-after']).toBeDefined()
  },
)

function put(bytes: number): CatalogRequest {
  return { method: 'PUT', bytes: Buffer.alloc(bytes, 'x') }
}

function idempotent(characters: number): CatalogRequest {
  return { ...PUT, headers: { [HEADERS.idempotencyKey]: 'i'.repeat(characters) } }
}

function post(json: unknown = {}): CatalogRequest {
  return { method: 'POST', json }
}

interface TxnShape {
  readonly gets?: number
  /** In the other branch. */
  readonly more?: number
  readonly compares?: number
  /** Of two values, together with their keys and what operations weigh. */
  readonly bytes?: number
  /** How often one key is put. */
  readonly same?: number
  /** What stands for a value in base64. */
  readonly text?: string
}

function txn(shape: TxnShape): CatalogRequest {
  const { gets = 0, more = 0, compares = 0, bytes = 0, same = 0, text } = shape
  const half = 'x'.repeat(Math.ceil(bytes / 2))
  return post({
    compares: Array.from({ length: compares }, (_, at): TxnCompare => {
      return { key: `c/${at}`, exists: false }
    }),
    then: [
      ...Array.from({ length: gets }, (_, at): TxnOperation => ({ get: { key: `g/${at}` } })),
      ...Array.from({ length: same }, () => putOf('same')),
      ...(bytes > 0 ? [putOf('b/0', half), putOf('b/1', half)] : []),
      ...(text === undefined ? [] : [{ put: { key: 't', valueBase64: text } }]),
    ],
    otherwise: Array.from({ length: more }, (_, at): TxnOperation => ({ get: { key: `m/${at}` } })),
  })
}

function putOf(key: string, text = 'x'): TxnOperation {
  return { put: { key, valueBase64: base64(text) } }
}

function ids(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at + 1)
}
