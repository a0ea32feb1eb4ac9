import { HEADERS } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

async function setUp() {
  const t = await setUpApp()
  return Object.assign(t, {
    grant: async (ttlMs: number, name?: string) => {
      const { body } = await t.api('POST /leases', { body: { ttlMs, name } })
      return body['id'] as number
    },
  })
}

test('a lease is granted in whole seconds, of two at least', async () => {
  await using t = await setUp()
  const granted = await t.api('POST /leases', { body: { ttlMs: 1, name: 'jobs/1' } })
  expect([granted.status, granted.body]).toEqual([
    201,
    { id: expect.any(Number), name: 'jobs/1', ttlMs: 2_000, state: 'CREATE' },
  ])
  expect(granted.headers[HEADERS.revision]).toBe('1')
  const longer = await t.api('POST /leases', { body: { ttlMs: 2_001 } })
  expect(longer.body).toMatchObject({ name: '', ttlMs: 3_000 })
})

test('a lease shows its keys and how long it has left, and is ALIVE once it was used', async () => {
  await using t = await setUp()
  const id = await t.grant(9_000, 'jobs')
  await t.api(`PUT /kv/b?lease=${id}`, { body: 'v' })
  await t.api(`PUT /kv/a?lease=${id}`, { body: 'v' })
  await t.catalog.clock.advance(2_000)
  const { status, body, headers } = await t.api(`GET /leases/${id}?consistency=linearizable`)
  expect([status, body]).toEqual([
    200,
    {
      id,
      name: 'jobs',
      kind: 'native',
      ttlMs: 9_000,
      remainingMs: 7_000,
      state: 'ALIVE',
      keys: ['a', 'b'],
    },
  ])
  expect(headers[HEADERS.revision]).toBe('3')
})

test('leases are listed by name and id, page by page', async () => {
  await using t = await setUp()
  const ids = [
    await t.grant(5_000, 'b/1'),
    await t.grant(5_000, 'b/1'),
    await t.grant(5_000, 'b/2'),
  ]
  await t.grant(5_000, 'a')
  const [one = 0, other = 0, last = 0] = ids
  const first = await t.api('GET /leases?name=b/&limit=2')
  const expected = [Math.min(one, other), Math.max(one, other)]
  expect(first.body).toEqual({
    leases: expected.map((id) => ({
      id,
      name: 'b/1',
      kind: 'native',
      ttlMs: 5_000,
      state: 'CREATE',
    })),
    next: expect.any(String),
  })
  const second = await t.api(`GET /leases?name=b/&limit=2&cursor=${String(first.body['next'])}`)
  expect(second.body).toMatchObject({ leases: [{ id: last, name: 'b/2' }], next: null })
})

test('a lease lives for as long as it is kept alive, and takes its keys along', async () => {
  await using t = await setUp()
  const id = await t.grant(5_000)
  await t.api(`PUT /kv/a?lease=${id}`, { body: 'v' })
  await t.catalog.clock.advance(4_000)
  const kept = await t.api(`POST /leases/${id}/keepalive`)
  expect([kept.status, kept.body]).toEqual([200, { id, ttlMs: 5_000 }])
  await t.catalog.clock.advance(4_000)
  expect((await t.api('GET /kv/a')).status).toBe(200)
  await t.catalog.clock.advance(2_000)
  expect((await t.api('GET /kv/a')).status).toBe(404)
  for (const line of [
    `POST /leases/${id}/keepalive`,
    `GET /leases/${id}`,
    `DELETE /leases/${id}`,
  ]) {
    const gone = await t.api(line)
    expect([line, gone.status, gone.body['code']]).toEqual([line, 404, 'lease_not_found'])
    expect(gone.headers).toHaveProperty(HEADERS.revision)
  }
})

test('many leases are kept alive at once, and those that are gone are named', async () => {
  await using t = await setUp()
  const [one, two] = [await t.grant(5_000), await t.grant(6_000)]
  const { status, body } = await t.api('POST /leases/keepalive', { body: { ids: [one, 7, two] } })
  expect([status, body]).toEqual([
    200,
    {
      renewed: [
        { id: one, ttlMs: 5_000 },
        { id: two, ttlMs: 6_000 },
      ],
      missing: [7],
    },
  ])
  const ids = Array.from({ length: 10_001 }, (_, at) => at + 1)
  const many = await t.api('POST /leases/keepalive', { body: { ids } })
  expect([many.status, many.body['details']]).toMatchObject([
    413,
    { what: 'leases in one request', limit: 10_000, actual: 10_001 },
  ])
})

test('a revoked lease ends its keys in one revision', async () => {
  await using t = await setUp()
  const id = await t.grant(5_000)
  for (const key of ['a', 'b']) await t.api(`PUT /kv/${key}?lease=${id}`, { body: 'v' })
  const revoked = await t.api(`DELETE /leases/${id}`)
  expect([revoked.status, revoked.headers[HEADERS.revision]]).toEqual([204, '4'])
  expect((await t.api('GET /kv')).body).toEqual({ entries: [], next: null, revision: 4 })
})

test('a grant with an Idempotency-Key is one lease', async () => {
  await using t = await setUp()
  const call = { body: { ttlMs: 5_000 }, headers: { 'idempotency-key': 'once' } }
  const first = await t.api('POST /leases', call)
  expect((await t.api('POST /leases', call)).body).toEqual(first.body)
})
