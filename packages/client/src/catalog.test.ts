import { expect, test } from 'vitest'
import { RollcallClient, type ClientOptions } from './index.ts'
import { FarSide, json, problem, queryOf, type Script } from './testing/far-side.ts'

async function setUp(script: Script, options: ClientOptions = {}) {
  const far = await FarSide.open(script)
  const client = new RollcallClient({ servers: [far.url], ...options })
  return {
    far,
    client,
    async [Symbol.asyncDispose]() {
      await client.close()
      await far[Symbol.asyncDispose]()
    },
  }
}

const BYTES = Buffer.from([0, 255, 10, 13, 128])
const VALUE_HEADERS = {
  'content-type': 'application/octet-stream',
  etag: '"12"',
  'x-rollcall-create-revision': '7',
  'x-rollcall-revision': '20',
}
const put = { key: 'a', modRevision: 3, createRevision: 3, created: true }
const lease = { id: 5, name: 'n', ttlMs: 15_000, state: 'CREATE' }

test('reads a value as the bytes that it is, with its revisions and its lease', async () => {
  await using s = await setUp((_, response) => {
    response.writeHead(200, { ...VALUE_HEADERS, 'x-rollcall-lease': '5' }).end(BYTES)
  })

  const entry = await s.client.kv.get('a b/ü?', { consistency: 'linearizable', minRevision: 9 })

  expect(entry).toMatchObject({ key: 'a b/ü?', modRevision: 12, createRevision: 7, lease: 5 })
  expect(Buffer.from(entry?.value ?? [])).toEqual(BYTES)
  const [seen] = s.far.seen
  expect(seen?.target).toBe('/registry/v1/kv/a%20b%2F%C3%BC%3F?consistency=linearizable')
  expect(seen?.headers['x-rollcall-min-revision']).toBe('9')
})

test('a value may be empty, and may look like JSON', async () => {
  const values = ['', '{"a":1}']
  await using s = await setUp((_, response) => {
    response.writeHead(200, VALUE_HEADERS).end(values[s.far.seen.length - 1])
  })
  for (const value of values) {
    expect(Buffer.from((await s.client.kv.get('a'))?.value ?? [1]).toString()).toBe(value)
  }
})

test('a key that is not there is undefined; other refusals are thrown', async () => {
  const codes: [number, string][] = [
    [404, 'key_not_found'],
    [404, 'route_not_found'],
    [413, 'limit_exceeded'],
  ]
  await using s = await setUp((_, response) => {
    const [status = 500, code = ''] = codes[s.far.seen.length - 1] ?? []
    problem(response, status, { code })
  })
  expect(await s.client.kv.get('a')).toBeUndefined()
  await expect(s.client.kv.get('a')).rejects.toMatchObject({ code: 'route_not_found' })
  await expect(s.client.kv.get('a')).rejects.toMatchObject({ code: 'limit_exceeded' })
})

test('a page of something in between is no value', async () => {
  await using s = await setUp((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>')
  })
  await expect(s.client.kv.get('a')).rejects.toMatchObject({ code: 'internal' })
})

test('puts bytes or text, with a condition and a lease', async () => {
  await using s = await setUp((_, response) => {
    json(response, 200, put)
  })

  expect(await s.client.kv.put('a', BYTES, { ifRevision: 0, lease: 5 })).toEqual(put)
  await s.client.kv.put('a', 'text')

  expect(s.far.seen.map(({ method, body }) => [method, body])).toEqual([
    ['PUT', BYTES],
    ['PUT', Buffer.from('text')],
  ])
  expect(s.far.seen[0] && queryOf(s.far.seen[0])).toEqual({ ifRevision: '0', lease: '5' })
})

test('says what a delete found', async () => {
  await using s = await setUp((_, response) => {
    if (s.far.seen.length === 1) response.writeHead(204, { 'x-rollcall-revision': '8' }).end()
    else problem(response, 404, { code: 'key_not_found' })
  })
  expect(await s.client.kv.delete('a', { ifRevision: 7 })).toEqual({ deleted: true, revision: 8 })
  expect(await s.client.kv.delete('a')).toEqual({ deleted: false, revision: undefined })
  expect(s.far.seen[0]?.target).toBe('/registry/v1/kv/a?ifRevision=7')
})

test('lists page by page, and deletes by prefix', async () => {
  const entry = { key: 'p/1', valueBase64: 'AP8=', modRevision: 1, createRevision: 1 }
  await using s = await setUp((seen, response) => {
    if (seen.method === 'DELETE') {
      response.setHeader('x-rollcall-revision', '9')
      json(response, 200, { deleted: 2 })
    } else if (queryOf(seen)['cursor'] === undefined) {
      json(response, 200, { entries: [entry], next: 'c', revision: 4 })
    } else json(response, 200, { entries: [{ ...entry, key: 'p/2' }], next: null, revision: 4 })
  })

  const keys: string[] = []
  for await (const { key, value } of s.client.kv.every({ prefix: 'p/' })) {
    keys.push(key)
    expect(Buffer.from(value ?? [])).toEqual(Buffer.from([0, 255]))
  }
  expect(keys).toEqual(['p/1', 'p/2'])
  expect(s.far.seen.map((seen) => queryOf(seen))).toEqual([
    { prefix: 'p/', limit: '1000' },
    { prefix: 'p/', limit: '1000', cursor: 'c' },
  ])

  expect(await s.client.kv.deletePrefix('p/')).toEqual({ deleted: 2, revision: 9 })
  expect(s.far.seen[2]?.target).toBe('/registry/v1/kv?prefix=p%2F')
})

test('a transaction has bytes where the wire has base64', async () => {
  const answer = {
    succeeded: true,
    revision: 4,
    results: [
      { put: { modRevision: 4 } },
      { deleted: 1 },
      { get: null },
      { get: { valueBase64: 'AP8=', modRevision: 2 } },
    ],
  }
  await using s = await setUp((_, response) => {
    json(response, 200, answer)
  })

  const got = await s.client.txn({
    compares: [
      { key: 'a', value: Buffer.from([0, 255]) },
      { key: 'b', modRevision: 3, op: '<' },
    ],
    then: [{ put: { key: 'a', value: 'x', lease: 5 } }, { delete: { key: 'b' } }],
    otherwise: [{ get: { key: 'a' } }],
  })

  expect(s.far.seen[0]?.body).toEqual({
    compares: [
      { key: 'a', valueBase64: 'AP8=' },
      { key: 'b', modRevision: 3, op: '<' },
    ],
    then: [{ put: { key: 'a', valueBase64: 'eA==', lease: 5 } }, { delete: { key: 'b' } }],
    otherwise: [{ get: { key: 'a' } }],
  })
  expect(got).toMatchObject({ succeeded: true, revision: 4 })
  expect(got.results.slice(0, 3)).toEqual(answer.results.slice(0, 3))
  const last = got.results[3]
  expect(last && 'get' in last && Buffer.from(last.get?.value ?? [])).toEqual(Buffer.from([0, 255]))
})

test('grants, lists, reads, keeps alive and revokes leases', async () => {
  await using s = await setUp(({ method, target }, response) => {
    if (method === 'DELETE') response.writeHead(204).end()
    else if (target.endsWith('/leases/keepalive')) {
      json(response, 200, { renewed: [{ id: 5, ttlMs: 1 }], missing: [6] })
    } else if (target.includes('keepalive')) json(response, 200, { id: 5, ttlMs: 15_000 })
    else if (target.includes('?')) json(response, 200, { leases: [lease], next: null })
    else json(response, method === 'POST' ? 201 : 200, lease)
  })
  const { leases } = s.client

  expect(await leases.grant({ ttlMs: 15_000, name: 'n' })).toEqual(lease)
  expect(await leases.get(5)).toEqual(lease)
  expect(await leases.list({ name: 'n' })).toEqual({ leases: [lease], next: null })
  expect(await leases.keepAlive(5)).toEqual({ id: 5, ttlMs: 15_000 })
  expect(await leases.keepAliveMany([5, 6])).toMatchObject({ missing: [6] })
  await leases.revoke(5)

  expect(s.far.seen.map(({ method, target }) => `${method} ${target}`)).toEqual([
    'POST /registry/v1/leases',
    'GET /registry/v1/leases/5',
    'GET /registry/v1/leases?name=n',
    'POST /registry/v1/leases/5/keepalive',
    'POST /registry/v1/leases/keepalive',
    'DELETE /registry/v1/leases/5',
  ])
  expect(s.far.seen[0]?.body).toEqual({ ttlMs: 15_000, name: 'n' })
})
