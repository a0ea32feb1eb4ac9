import { HEADERS } from '@rollcall/protocol'
import { describe, expect, test } from 'vitest'
import { setUpApp, type AppHarness } from '../../testing/index.ts'

const put = (t: AppHarness, key: string, value = 'v') =>
  t.catalog.catalog.kv.put(key, Buffer.from(value))

/** Asks, and resolves once the request waits. */
async function waitFor(t: AppHarness, line: string) {
  const answered = t.api(line)
  await t.untilWaiting(1)
  return { answered }
}

describe('of a prefix', () => {
  test('answers at once what has changed since', async () => {
    await using t = await setUpApp()
    await put(t, 'a/1')
    await put(t, 'b')
    const { status, body } = await t.api('GET /kv?prefix=a/&after=0&wait=30s')
    expect([status, body['revision'], body['entries']]).toMatchObject([200, 2, [{ key: 'a/1' }]])
    expect((await t.api('GET /kv?prefix=a/&after=1&wait=0')).status).toBe(304)
  })

  test('wakes for a change below it and for no other', async () => {
    await using t = await setUpApp()
    await put(t, 'a/1')
    const { answered } = await waitFor(t, 'GET /kv?prefix=a/&after=1&wait=30s')
    await put(t, 'b')
    expect(t.waiters.count).toBe(1)
    await put(t, 'a/2')
    const { status, body, headers } = await answered
    expect([status, body['revision'], headers[HEADERS.revision]]).toEqual([200, 3, '3'])
    expect(body['entries']).toMatchObject([{ key: 'a/1' }, { key: 'a/2' }])
    expect(t.waiters.count).toBe(0)
  })

  test('wakes when a key goes', async () => {
    await using t = await setUpApp()
    await put(t, 'a/1')
    const { answered } = await waitFor(t, 'GET /kv?prefix=a/&after=1&wait=30s')
    await t.catalog.catalog.kv.delete('a/1')
    expect((await answered).body).toEqual({ entries: [], next: null, revision: 2 })
  })

  test('is 304 when the time is up, with the revision to go on from', async () => {
    await using t = await setUpApp()
    await put(t, 'a/1')
    const { answered } = await waitFor(t, 'GET /kv?prefix=a/&after=1&wait=30s')
    await put(t, 'b')
    await t.clock.advance(30_000)
    const { status, headers } = await answered
    expect([status, headers[HEADERS.revision]]).toEqual([304, '2'])
  })

  test('without a revision waits for the first key', async () => {
    await using t = await setUpApp()
    const { answered } = await waitFor(t, 'GET /kv?prefix=a/&wait=30s')
    await put(t, 'a/1')
    expect((await answered).body['entries']).toMatchObject([{ key: 'a/1' }])
    expect((await t.api('GET /kv?prefix=a/&wait=30s')).status).toBe(200)
  })

  test('answers at once where what came since is not known', async () => {
    await using t = await setUpApp()
    await put(t, 'a/1')
    expect((await t.api('GET /kv?prefix=a/&after=7&wait=30s')).status).toBe(200)
  })

  test('wakes when everything was replaced', async () => {
    await using t = await setUpApp()
    await put(t, 'a/1')
    const snapshot = await t.catalog.engine.snapshot()
    const { answered } = await waitFor(t, 'GET /kv?prefix=a/&after=1&wait=30s')
    await t.catalog.engine.restore(snapshot, new AbortController().signal)
    await t.catalog.clock.advance(10_000)
    expect((await answered).status).toBe(200)
  })
})

describe('of a key', () => {
  test('wakes for this key and for none that begins with it', async () => {
    await using t = await setUpApp()
    await put(t, 'a')
    const { answered } = await waitFor(t, 'GET /kv/a?after=1&wait=30s')
    await put(t, 'a/b')
    expect(t.waiters.count).toBe(1)
    await put(t, 'a', 'w')
    const { status, text, headers } = await answered
    expect([status, text, headers['etag']]).toEqual([200, 'w', '"3"'])
  })

  test('that was deleted since is 404, at once or as soon as it is', async () => {
    await using t = await setUpApp()
    await put(t, 'a')
    const { answered } = await waitFor(t, 'GET /kv/a?after=1&wait=30s')
    await t.catalog.catalog.kv.delete('a')
    const gone = await answered
    expect([gone.status, gone.body['code'], gone.headers[HEADERS.revision]]).toEqual([
      404,
      'key_not_found',
      '2',
    ])
    expect((await t.api('GET /kv/a?after=1&wait=30s')).status).toBe(404)
    expect((await t.api('GET /kv/a?after=2&wait=0')).status).toBe(304)
  })

  test('without a revision waits for it to be there', async () => {
    await using t = await setUpApp()
    const { answered } = await waitFor(t, 'GET /kv/a?wait=30s')
    await put(t, 'a')
    expect((await answered).text).toBe('v')
    expect((await t.api('GET /kv/a?wait=30s')).status).toBe(200)
    expect((await t.api('GET /kv/none?wait=0')).status).toBe(304)
  })
})

test('those who wait are counted with all who do, and told when the node stops', async () => {
  await using t = await setUpApp({ limits: { watchersMax: 1 } })
  const { answered } = await waitFor(t, 'GET /kv/a?wait=30s')
  expect(await t.metrics.text()).toContain('rollcall_long_polls 1\n')
  const refused = await t.api('GET /kv/b?wait=30s')
  expect([refused.status, refused.body['code']]).toEqual([429, 'too_many_watchers'])
  t.waiters.drain()
  const { status, body } = await answered
  expect([status, body['code']]).toEqual([503, 'shutting_down'])
})
