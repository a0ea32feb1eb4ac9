import { HEADERS } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { setUpApp, soon } from '../../testing/index.ts'

test('while the engine is broken, keys are read as they were, writes are refused, and instances are served', async () => {
  await using t = await setUpApp()
  await t.api('PUT /kv/a', { body: 'v' })
  t.catalog.engine.breakWrites('the disk is full')
  await t.catalog.clock.advance(2_300)

  for (const line of ['GET /kv/a', 'GET /kv', 'GET /leases']) {
    const read = await t.api(line)
    expect([line, read.status, read.headers[HEADERS.stale]]).toEqual([line, 200, '2300'])
    expect(read.headers[HEADERS.revision]).toBe('1')
  }
  for (const [line, body] of [
    ['PUT /kv/a', 'w'],
    ['POST /leases', { ttlMs: 5_000 }],
    ['POST /txn', { then: [{ delete: { key: 'a' } }] }],
    ['DELETE /kv/a', undefined],
    ['DELETE /kv?prefix=a', undefined],
  ] as const) {
    const { status, body: problem, headers } = await t.api(line, { body })
    expect([line, status, problem['code']]).toEqual([line, 503, 'unavailable'])
    expect([headers['retry-after'], headers[HEADERS.revision]]).toEqual(['1', '1'])
  }
  expect((await t.ask('GET /readyz')).status).toBe(200)
  expect((await t.api('GET /cluster')).body).toMatchObject({ catalog: { state: 'stale' } })
  const instance = { addresses: ['http://10.0.0.1:80'] }
  expect((await t.api('PUT /services/web/instances/a', { body: instance })).status).toBe(201)

  t.catalog.engine.mend()
  await t.catalog.clock.advance(10_000)
  expect((await t.api('PUT /kv/a', { body: 'w' })).status).toBe(200)
  expect((await t.api('GET /kv/a')).headers).not.toHaveProperty(HEADERS.stale)
})

test('a write that this node does not show yet says so', async () => {
  await using t = await setUpApp()
  t.catalog.engine.pauseWatches()
  const writing = t.api('PUT /kv/a', { body: 'v' })
  let isAnswered = false
  void writing.then(() => (isAnswered = true))
  await soon('it is answered', () => {
    t.catalog.clock.advanceNow(250)
    return isAnswered
  })
  const { status, headers } = await writing
  expect([status, headers[HEADERS.revision], headers[HEADERS.view]]).toEqual([200, '1', 'behind'])
})

test('before the first view is there, every route of the catalog says that it cannot', async () => {
  await using t = await setUpApp({
    catalogOf: async ({ engine, another }) => {
      engine.cutOff()
      return (await another('n2')).catalog
    },
  })
  for (const [line, body] of [
    ['GET /kv/a', undefined],
    ['GET /kv', undefined],
    ['PUT /kv/a', 'v'],
    ['DELETE /kv/a', undefined],
    ['POST /txn', { then: [{ delete: { key: 'a' } }] }],
    ['POST /leases', { ttlMs: 5_000 }],
    ['GET /leases', undefined],
    ['GET /leases/7', undefined],
    ['POST /leases/7/keepalive', undefined],
    ['DELETE /leases/7', undefined],
  ] as const) {
    const answer = await t.api(line, { body })
    expect([line, answer.status, answer.body['code']]).toEqual([line, 503, 'unavailable'])
  }
  expect((await t.api('GET /cluster')).body).toMatchObject({ catalog: { state: 'unavailable' } })
})
