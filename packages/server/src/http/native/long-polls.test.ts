import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { countHeld, setUpApp, soon, type Answer, type AppHarness } from '../../testing/index.ts'

async function setUp(limits = {}) {
  const t = await setUpApp({ limits })
  const token = async (query = '') =>
    String((await t.api(`GET /services/web${query}`)).body['token'])
  return Object.assign(t, { token })
}

/** A poll under way: its answer, and whether it has come. */
async function poll(t: AppHarness, query: string, headers: Record<string, string> = {}) {
  const before = t.waiters.count
  const state: { answer?: Answer } = {}
  const answered = t.api(`GET /services/web?${query}`, { headers }).then((answer) => {
    state.answer = answer
    return answer
  })
  await soon(
    'it waits or is answered',
    () => t.waiters.count > before || state.answer !== undefined,
  )
  return { answered, isAnswered: () => state.answer !== undefined }
}

const ids = ({ body }: Answer) => (body['instances'] as { id: string }[]).map(({ id }) => id)

/** Lets a change reach its listeners. */
const deliver = (t: AppHarness) => t.clock.advance(20)

describe('answers at once', () => {
  test('when the service has changed after the token', async () => {
    await using t = await setUp()
    t.register()
    const after = await t.token()
    t.register({ id: 'b' })
    const answer = await t.api(`GET /services/web?after=${after}&wait=30s`)
    expect([answer.status, ids(answer)]).toEqual([200, ['a', 'b']])
    expect(answer.headers['x-rollcall-token']).toBe(answer.body['token'])
  })

  test('without a token, when the service is known', async () => {
    await using t = await setUp()
    t.register()
    expect((await t.api('GET /services/web?wait=30s')).status).toBe(200)
  })

  test('to a token of another node, of another life of this one, or from the future', async () => {
    await using t = await setUp()
    t.register()
    const after = await t.token()
    const [inc, revision, node] = after.split('.') as [string, string, string]
    for (const other of [`${inc}.${revision}.n2`, `1.${revision}.${node}`, `${inc}.zz.${node}`]) {
      expect((await t.api(`GET /services/web?after=${other}&wait=30s`)).status).toBe(200)
    }
  })

  test('to a token so old that the changes since are forgotten', async () => {
    await using t = await setUp({ changeRingSize: 3 })
    t.register()
    const after = await t.token()
    for (const weight of [2, 3, 4, 5]) t.register({}, { weight })
    expect((await t.api(`GET /services/web?after=${after}&wait=30s`)).status).toBe(200)
  })

  test('304 with ETag and token when there is no time to wait', async () => {
    await using t = await setUp()
    t.register()
    const after = await t.token()
    for (const query of [`after=${after}`, `after=${after}&wait=0`]) {
      const answer = await t.api(`GET /services/web?${query}`)
      expect([answer.status, answer.text, answer.headers]).toMatchObject([
        304,
        '',
        { etag: `W/"${after}"`, 'x-rollcall-token': after },
      ])
    }
  })
})

describe('waits', () => {
  test('until the service changes', async () => {
    await using t = await setUp()
    t.register()
    const it = await poll(t, `after=${await t.token()}&wait=30s`)
    await t.clock.advance(29_000)
    expect(it.isAnswered()).toBe(false)
    t.register({ id: 'b' })
    await deliver(t)
    const answer = await it.answered
    expect([answer.status, ids(answer), t.waiters.count]).toEqual([200, ['a', 'b'], 0])
    expect((await t.api(`GET /services/web?after=${String(answer.body['token'])}`)).status).toBe(
      304,
    )
  })

  test('for the last instance to go, which is answered with none', async () => {
    await using t = await setUp()
    t.register()
    const it = await poll(t, `after=${await t.token()}&wait=30s`)
    t.plane.cancel(t.ref())
    await deliver(t)
    expect((await it.answered).body).toMatchObject({ instances: [] })
  })

  test('through renewals and through changes of other services', async () => {
    await using t = await setUp()
    t.register()
    const it = await poll(t, `after=${await t.token()}&wait=30s`)
    t.renew()
    t.register()
    t.register({ service: 'api' })
    t.register({ env: 'prod' })
    await deliver(t)
    expect(it.isAnswered()).toBe(false)
    await t.clock.advance(30_000)
    expect((await it.answered).status).toBe(304)
  })

  test('and says 304 with ETag and the latest token when the time is up', async () => {
    await using t = await setUp()
    t.register()
    const after = await t.token()
    const it = await poll(t, `after=${after}&wait=1m`)
    await t.clock.advance(59_999)
    expect(it.isAnswered()).toBe(false)
    await t.clock.advance(1)
    const answer = await it.answered
    expect([answer.status, answer.text, answer.headers]).toMatchObject([
      304,
      '',
      { etag: `W/"${after}"`, 'x-rollcall-token': after },
    ])
    expect([t.waiters.count, await longPolls(t)]).toEqual([0, 0])
  })

  test('as long as it is told in ms, s or m, and 5 minutes at most', async () => {
    await using t = await setUp()
    t.register()
    const after = await t.token()
    const waits: [string, number][] = [
      ['500', 500],
      ['500ms', 500],
      ['2s', 2_000],
      ['2m', 120_000],
      ['5m', 300_000],
      ['6m', 300_000],
      ['999999999m', 300_000],
    ]
    for (const [wait, ms] of waits) {
      const it = await poll(t, `after=${after}&wait=${wait}`)
      await t.clock.advance(ms - 1)
      expect([wait, it.isAnswered()]).toEqual([wait, false])
      await t.clock.advance(1)
      expect([wait, (await it.answered).status]).toEqual([wait, 304])
    }
  })

  test('no longer than the node allows', async () => {
    await using t = await setUp({ waitMaxMs: 1_000 })
    t.register()
    const it = await poll(t, `after=${await t.token()}&wait=5m`)
    await t.clock.advance(1_000)
    expect((await it.answered).status).toBe(304)
  })

  test('by If-None-Match as by "after", which wins', async () => {
    await using t = await setUp()
    t.register()
    const old = await t.token()
    t.register({ id: 'b' })
    const etag = { 'if-none-match': `W/"${await t.token()}"` }
    const it = await poll(t, 'wait=30s', etag)
    expect(it.isAnswered()).toBe(false)
    expect((await t.api(`GET /services/web?after=${old}&wait=30s`, { headers: etag })).status).toBe(
      200,
    )
    t.register({ id: 'c' })
    await deliver(t)
    expect((await it.answered).status).toBe(200)
  })
})

describe('through a filter', () => {
  test('goes on waiting when it is woken by what does not concern it', async () => {
    await using t = await setUp()
    t.register({ id: 'a' }, { tags: ['blue'] })
    const it = await poll(t, `tag=blue&after=${await t.token()}&wait=30s`)
    t.register({ id: 'b' }, { tags: ['red'] })
    await deliver(t)
    t.register({ id: 'b' }, { tags: ['red'], weight: 2 })
    await deliver(t)
    expect([it.isAnswered(), t.waiters.count]).toEqual([false, 1])
    t.register({ id: 'b' }, { tags: ['blue'] })
    await deliver(t)
    expect(ids(await it.answered)).toEqual(['a', 'b'])
  })

  test('is answered when what fitted no longer does', async () => {
    await using t = await setUp()
    t.register()
    const it = await poll(t, `status=up&after=${await t.token()}&wait=30s`)
    t.plane.set(t.ref(), { statusOverride: 'down' })
    await deliver(t)
    expect(ids(await it.answered)).toEqual([])
  })

  test('has at the end of its time a token that is ahead of what did not concern it', async () => {
    await using t = await setUp()
    t.register({ id: 'a' }, { tags: ['blue'] })
    const it = await poll(t, `tag=blue&after=${await t.token()}&wait=30s`)
    t.register({ id: 'b' }, { tags: ['red'] })
    await t.clock.advance(30_000)
    const { status, headers } = await it.answered
    expect([status, headers['x-rollcall-token']]).toEqual([304, await t.token()])
  })
})

describe('an unknown service', () => {
  test('is waited for', async () => {
    await using t = await setUp()
    const plain = await poll(t, 'wait=30s')
    const { token } = (await t.api('GET /services/web')).body['details'] as { token: string }
    const after = await poll(t, `after=${token}&wait=30s`)
    expect(t.waiters.count).toBe(2)
    t.register()
    await deliver(t)
    for (const it of [plain, after]) {
      const answer = await it.answered
      expect([answer.status, ids(answer)]).toEqual([200, ['a']])
    }
  })

  test('that does not appear is 304 and never 404', async () => {
    await using t = await setUp()
    const it = await poll(t, 'wait=1s')
    await t.clock.advance(1_000)
    const answer = await it.answered
    expect([answer.status, answer.headers['x-rollcall-token']]).toEqual([304, expect.any(String)])
    expect((await t.api('GET /services/web?wait=0')).status).toBe(304)
  })

  test('is not to be had from a token of another node either', async () => {
    await using t = await setUp()
    const it = await poll(t, 'after=1.1.other&wait=1s')
    expect(it.isAnswered()).toBe(false)
    await t.clock.advance(1_000)
    expect((await it.answered).status).toBe(304)
  })
})

describe('leaves nothing behind', () => {
  test('when it is answered, by a change or by the time', async () => {
    await using t = await setUp()
    t.register()
    const held = countHeld(t)
    const first = await poll(t, `after=${await t.token()}&wait=5m`)
    expect(held).toEqual({ listeners: 1, alarms: 1 })
    t.register({ id: 'b' })
    await deliver(t)
    expect((await first.answered).status).toBe(200)
    expect(held).toEqual({ listeners: 0, alarms: 0 })
    const second = await poll(t, `after=${await t.token()}&wait=1s`)
    await t.clock.advance(1_000)
    expect((await second.answered).status).toBe(304)
    expect([held, t.waiters.count]).toEqual([{ listeners: 0, alarms: 0 }, 0])
  })

  test('when its client has gone', async () => {
    await using t = await setUp()
    t.register()
    const { port } = await t.listen()
    const held = countHeld(t)
    const path = `/registry/v1/services/web?after=${await t.token()}&wait=5m`
    const client = request({ port, host: '127.0.0.1', path })
    client.on('error', () => {}).end()
    await t.untilWaiting(1)
    expect([held.listeners, await longPolls(t)]).toEqual([1, 1])
    client.destroy()
    await t.untilWaiting(0)
    expect(held).toEqual({ listeners: 0, alarms: 0 })
    expect(await longPolls(t)).toBe(0)
    t.register({ id: 'b' })
    await deliver(t)
  })

  test('when the node stops: all are told to go elsewhere, and nobody is let in', async () => {
    await using t = await setUp()
    t.register()
    const after = await t.token()
    const held = countHeld(t)
    const polls = [await poll(t, `after=${after}&wait=5m`), await poll(t, `after=${after}&wait=5m`)]
    t.waiters.drain()
    for (const it of [...polls, await poll(t, `after=${after}&wait=5m`)]) {
      const answer = await it.answered
      expect([answer.status, answer.body['code'], answer.headers['retry-after']]).toEqual([
        503,
        'shutting_down',
        '1',
      ])
    }
    expect([t.waiters.count, await longPolls(t)]).toEqual([0, 0])
    expect(held).toEqual({ listeners: 0, alarms: 0 })
    expect((await t.api('GET /services/web')).status).toBe(200)
  })

  test('when there are too many: the one more is sent away', async () => {
    await using t = await setUp({ watchersMax: 1 })
    t.register()
    const after = await t.token()
    const it = await poll(t, `after=${after}&wait=1s`)
    const refused = await t.api(`GET /services/web?after=${after}&wait=1s`)
    expect([refused.status, refused.body, refused.headers['retry-after']]).toMatchObject([
      429,
      { code: 'too_many_watchers', details: { limit: 1 } },
      '5',
    ])
    await t.clock.advance(1_000)
    expect((await it.answered).status).toBe(304)
    expect((await poll(t, `after=${after}&wait=1s`)).isAnswered()).toBe(false)
  })
})

test('is counted and not timed', async () => {
  await using t = await setUp()
  t.register()
  const it = await poll(t, `after=${await t.token()}&wait=1s`)
  await t.clock.advance(1_000)
  await it.answered
  const text = await t.metrics.text()
  const route = 'route="/registry/v1/services/:service"'
  expect(text).toContain(`rollcall_http_requests_total{method="GET",${route},status="304"} 1`)
  // The token was asked for once, at once.
  expect(text).toContain(`rollcall_http_request_duration_seconds_count{method="GET",${route}} 1`)
})

async function longPolls({ metrics }: AppHarness): Promise<number> {
  return Number(/^rollcall_long_polls (\d+)$/m.exec(await metrics.text())?.[1])
}
