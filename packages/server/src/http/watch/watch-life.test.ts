import { describe, expect, test } from 'vitest'
import {
  countHeld,
  openWatch,
  setUpApp,
  soon,
  type AppHarness,
  type AppSetUp,
} from '../../testing/index.ts'

async function setUp(options: AppSetUp = {}) {
  const t = await setUpApp(options)
  const { port } = await t.listen()
  return Object.assign(t, {
    held: countHeld(t),
    watch: (query: string, headers?: Record<string, string>) => openWatch(port, query, headers),
    metric: async (name: string) =>
      (await t.metrics.text()).split('\n').find((line) => line.startsWith(`${name} `)),
  })
}

/** An instance whose change fills more than a socket takes before it says "wait". */
const LARGE = { metadata: { k: 'x'.repeat(4_000) } }

function registerLarge(t: AppHarness, ids: string, count: number): void {
  for (let at = 0; at < count; at += 1) t.register({ id: `${ids}${at}` }, LARGE)
}

describe('pings', () => {
  test('come every 15 s, without an id', async () => {
    await using t = await setUp()
    await using watch = await t.watch('service=web')
    await watch.next()
    await t.clock.advance(14_999)
    await t.clock.advance(1)
    expect(await watch.next()).toEqual({ event: 'ping', data: { t: 1_700_000_015_000 } })
    expect(watch.pending()).toEqual([])
    await t.clock.advance(15_000)
    expect(await watch.next()).toEqual({ event: 'ping', data: { t: 1_700_000_030_000 } })
  })
})

describe('a reader that is too slow', () => {
  const cases: [string, NonNullable<AppSetUp['limits']>][] = [
    ['changes', { watcherQueueMaxChanges: 11 }],
    ['bytes', { watcherQueueMaxBytes: 100 }],
  ]

  test.each(cases)('for its queue of %s starts over with the whole truth', async (_, limits) => {
    await using t = await setUp({ limits })
    await using watch = await t.watch('service=web')
    await watch.next()
    registerLarge(t, 'first', 10)
    t.clock.advanceNow(20)
    // The socket has not taken the first change yet, which alone is over the limit: one always fits.
    registerLarge(t, 'second', 10)
    t.clock.advanceNow(20)
    // A change that would fit must not overtake those that did not.
    t.register({ id: 'last' })
    t.clock.advanceNow(20)
    const change = await watch.next()
    expect([change.event, (change.data['upserted'] as []).length]).toEqual(['change', 10])
    expect(await watch.next()).toEqual({ event: 'resync', id: 'none', data: { reason: 'slow' } })
    const snapshot = await watch.next()
    expect([snapshot.event, (snapshot.data['instances'] as []).length]).toEqual(['snapshot', 21])
    expect(snapshot.id).toBe(snapshot.data['token'])
    expect(await t.metric('rollcall_watcher_resyncs_total{reason="slow"}')).toMatch(/ 1$/)
    t.register({ id: 'later' })
    await t.clock.advance(20)
    expect((await watch.next()).data).toMatchObject({ upserted: [{ id: 'later' }] })
  })

  test('within its queue loses nothing and does not start over', async () => {
    await using t = await setUp()
    await using watch = await t.watch('service=web')
    await watch.next()
    for (const ids of ['first', 'second', 'third']) {
      registerLarge(t, ids, 10)
      t.clock.advanceNow(20)
    }
    for (let at = 0; at < 3; at += 1) expect((await watch.next()).event).toBe('change')
    expect(watch.pending()).toEqual([])
    expect(await t.metric('rollcall_watcher_resyncs_total{reason="slow"}')).toMatch(/ 0$/)
  })

  test('and never takes anything is cut off after the fourth ping', async () => {
    await using t = await setUp()
    // More than the buffers of two sockets hold.
    registerLarge(t, 'i', 2_500)
    await using stuck = await t.watch('service=web')
    stuck.pause()
    await using other = await t.watch('service=api')
    await other.next()
    for (let ping = 1; ping <= 3; ping += 1) {
      await t.clock.advance(15_000)
      expect((await other.next()).event).toBe('ping')
    }
    expect(t.waiters.count).toBe(2)
    await t.clock.advance(15_000)
    await t.untilWaiting(1)
    expect((await other.next()).event).toBe('ping')
    expect(await t.metric('rollcall_watchers')).toBe('rollcall_watchers 1')
  })
})

describe('when the node stops', () => {
  test('each watcher gets a last word and the end of its stream, and nobody is let in', async () => {
    await using t = await setUp()
    t.register()
    await using one = await t.watch('service=web')
    await using two = await t.watch('service=web&service=api')
    await one.next()
    await two.next()
    await two.next()
    t.waiters.drain()
    for (const watch of [one, two]) {
      expect(await watch.next()).toEqual({ event: 'bye', data: { reason: 'shutting_down' } })
      await watch.ended
      expect(watch.text()).toMatch(/event: bye\ndata: \{"reason":"shutting_down"\}\n\n$/)
    }
    await t.untilWaiting(0)
    await using late = await t.watch('service=web')
    expect([late.status, late.headers['retry-after']]).toEqual([503, '1'])
    await late.ended
    expect(late.text()).toContain('"code":"shutting_down"')
  })
})

test('a watch that has ended is counted as a request and not timed', async () => {
  await using t = await setUp()
  await using watch = await t.watch('service=web')
  await watch.next()
  t.waiters.drain()
  await watch.ended
  const labels = 'method="GET",route="/registry/v1/watch"'
  const text = await t.metrics.text()
  expect(text).toContain(`rollcall_http_requests_total{${labels},status="200"} 1`)
  expect(text).not.toContain(`rollcall_http_request_duration_seconds_count{${labels}}`)
})

describe('too many', () => {
  test('are refused with 429 and Retry-After, until one has gone', async () => {
    await using t = await setUp({ limits: { watchersMax: 1 } })
    await using first = await t.watch('service=web')
    await first.next()
    const refused = await t.api('GET /watch?service=web')
    expect([refused.status, refused.body, refused.headers['retry-after']]).toMatchObject([
      429,
      { code: 'too_many_watchers', details: { limit: 1 } },
      '5',
    ])
    await first[Symbol.asyncDispose]()
    await t.untilWaiting(0)
    await using second = await t.watch('service=web')
    expect((await second.next()).event).toBe('snapshot')
  })
})

describe('a watcher that has gone', () => {
  test('leaves nothing behind in the hub, in the feed, or on the clock', async () => {
    await using t = await setUp()
    t.register()
    const before = t.held.alarms
    const one = await t.watch('service=web&service=api')
    const two = await t.watch('service=web')
    const three = await t.watch('service=web&status=up')
    await Promise.all([one.next(), two.next(), three.next()])
    expect([t.waiters.count, t.held.listeners]).toEqual([3, 3])
    expect(await t.metric('rollcall_watchers')).toBe('rollcall_watchers 3')
    await one[Symbol.asyncDispose]()
    await soon('the first has left', () => t.waiters.count === 2)
    expect(t.held.listeners).toBe(2)
    await two[Symbol.asyncDispose]()
    await three[Symbol.asyncDispose]()
    await t.untilWaiting(0)
    expect([t.held, await t.metric('rollcall_watchers')]).toEqual([
      { listeners: 0, alarms: before },
      'rollcall_watchers 0',
    ])
    t.register({ id: 'b' })
    await t.clock.advance(15_000)
    expect(t.held.alarms).toBe(before)
  })
})
