import { HEADERS } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

const V = 'dg=='
const W = 'dw=='

async function setUp() {
  const t = await setUpApp()
  return Object.assign(t, {
    txn: (body: unknown, headers = {}) => t.api('POST /txn', { body, headers }),
    value: (key: string) => {
      const entry = t.catalog.catalog.kv.get(key)
      return entry && Buffer.from(entry.value).toString()
    },
  })
}

test('does all of one branch as one revision, and answers for each operation', async () => {
  await using t = await setUp()
  await t.api('PUT /kv/old/1', { body: 'x' })
  const { status, body, headers } = await t.txn({
    compares: [{ key: 'a', exists: false }],
    then: [
      { put: { key: 'a', valueBase64: V } },
      { get: { key: 'a' } },
      { get: { key: 'nothing' } },
      { deletePrefix: { prefix: 'old/' } },
      { delete: { key: 'nothing' } },
    ],
    otherwise: [{ put: { key: 'a', valueBase64: W } }],
  })
  expect([status, body]).toEqual([
    200,
    {
      succeeded: true,
      revision: 2,
      results: [
        { put: { modRevision: 2 } },
        { get: { valueBase64: V, modRevision: 2 } },
        { get: null },
        { deleted: 1 },
        { deleted: 0 },
      ],
    },
  ])
  expect(headers[HEADERS.revision]).toBe('2')
  expect(t.value('a')).toBe('v')
})

test.each([
  [{ key: 'a', exists: true }, true],
  [{ key: 'b', exists: true }, false],
  [{ key: 'a', modRevision: 1 }, true],
  [{ key: 'a', modRevision: 1, op: '<' }, false],
  [{ key: 'a', modRevision: 0, op: '>' }, true],
  [{ key: 'b', modRevision: 0 }, true],
  [{ key: 'a', createRevision: 2, op: '<' }, true],
  [{ key: 'a', valueBase64: V }, true],
  [{ key: 'a', valueBase64: W }, false],
  [{ prefix: 'b', empty: true }, true],
  [{ prefix: 'a', empty: true }, false],
  [{ prefix: 'a', unchangedSince: 1 }, true],
  [{ prefix: 'a', unchangedSince: 0 }, false],
])('compares %j: %s', async (compare, succeeded) => {
  await using t = await setUp()
  await t.api('PUT /kv/a', { body: 'v' })
  const put = { put: { key: 'done', valueBase64: V } }
  const { body } = await t.txn({ compares: [compare], then: [put] })
  expect([body['succeeded'], body['results']]).toEqual(
    succeeded ? [true, [{ put: { modRevision: 2 } }]] : [false, []],
  )
  expect(t.value('done')).toBe(succeeded ? 'v' : undefined)
})

test('what it puts may hang on a lease', async () => {
  await using t = await setUp()
  const { body } = await t.api('POST /leases', { body: { ttlMs: 5_000 } })
  const lease = body['id']
  await t.txn({ then: [{ put: { key: 'a', valueBase64: V, lease } }] })
  expect(t.catalog.catalog.kv.get('a')?.lease).toBe(lease)
  const gone = await t.txn({ then: [{ put: { key: 'b', valueBase64: V, lease: 7 } }] })
  expect([gone.status, gone.body['code']]).toEqual([404, 'lease_not_found'])
})

test('with nothing to do it answers nothing, from the revision that is', async () => {
  await using t = await setUp()
  await t.api('PUT /kv/a', { body: 'v' })
  expect((await t.txn({})).body).toEqual({ succeeded: true, revision: 1, results: [] })
})

test('with an Idempotency-Key it is done once, whatever the spaces in its body', async () => {
  await using t = await setUp()
  const key = { 'idempotency-key': 'once' }
  const first = await t.txn('{"then":[{"put":{"key":"a","valueBase64":"dg=="}}]}', key)
  const again = await t.txn('{ "then": [{"put": {"key":"a","valueBase64":"dg=="}}]}', key)
  expect(again.body).toEqual(first.body)
  const other = await t.txn('{"then":[{"put":{"key":"a","valueBase64":"dw=="}}]}', key)
  expect([other.status, other.body['code']]).toEqual([409, 'idempotency_conflict'])
  expect(t.value('a')).toBe('v')
})

test('a body of 2 MiB is read, and a larger one is not', async () => {
  await using t = await setUp()
  const ofBytes = (bytes: number) => {
    const empty = JSON.stringify({ then: [{ get: { key: 'a' } }] })
    return empty.padEnd(bytes, ' ')
  }
  expect((await t.txn(ofBytes(2 * 1_024 * 1_024))).status).toBe(200)
  const much = await t.txn(ofBytes(2 * 1_024 * 1_024 + 1))
  expect([much.status, much.body['code']]).toEqual([413, 'limit_exceeded'])
})
