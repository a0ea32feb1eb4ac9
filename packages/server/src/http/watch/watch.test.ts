import { describe, expect, test } from 'vitest'
import { openWatch, setUpApp, type AppSetUp, type WatchEvent } from '../../testing/index.ts'

async function setUp(options: AppSetUp = {}) {
  const t = await setUpApp(options)
  const { port } = await t.listen()
  return Object.assign(t, {
    watch: (query: string, headers?: Record<string, string>) => openWatch(port, query, headers),
    token: async (service = 'web') =>
      String((await t.api(`GET /services/${service}`)).body['token']),
    /** Lets changes reach the watchers: what follows a first one within 20 ms comes together. */
    deliver: () => t.clock.advance(20),
    metric: async (name: string) =>
      (await t.metrics.text()).split('\n').find((line) => line.startsWith(`${name} `)),
  })
}

const idsOf = ({ data }: WatchEvent, list: 'instances' | 'upserted' = 'upserted') =>
  (data[list] as { id: string }[]).map(({ id }) => id)

describe('a watch', () => {
  test('begins with how to come back, and with the whole truth', async () => {
    await using t = await setUp()
    t.register()
    await using watch = await t.watch('service=web')
    expect([watch.status, watch.headers]).toMatchObject([
      200,
      {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-rollcall-node': 'n1',
      },
    ])
    const { body } = await t.api('GET /services/web')
    expect(await watch.next()).toEqual({
      event: 'snapshot',
      id: body['token'],
      data: { ...body, known: true },
    })
    expect(watch.text()).toMatch(/^retry: 1000\n\n/)
  })

  test('tells of each change once, with an id that is its token', async () => {
    await using t = await setUp()
    t.register()
    await using watch = await t.watch('service=web')
    await watch.next()
    t.register({ id: 'b', zone: 'z2' }, { weight: 3 })
    await t.deliver()
    const change = await watch.next()
    const { body } = await t.api('GET /services/web/instances/b')
    const { lastRenewedAt: _, ...instance } = body
    expect(change).toEqual({
      event: 'change',
      id: await t.token(),
      data: {
        service: 'web',
        env: 'default',
        revision: 2,
        token: await t.token(),
        upserted: [instance],
        removed: [],
      },
    })
    t.renew()
    t.register({ service: 'api' })
    t.register({ env: 'prod' })
    await t.deliver()
    t.register({ id: 'c' })
    await t.deliver()
    expect(idsOf(await watch.next())).toEqual(['c'])
  })

  test('tells what follows a change within 20 ms together, each instance once as it is then', async () => {
    await using t = await setUp()
    t.register()
    await using watch = await t.watch('service=web')
    await watch.next()
    t.register({}, { weight: 2 })
    await t.clock.advance(0)
    for (const weight of [3, 4]) t.register({}, { weight })
    t.register({ id: 'b' })
    await t.clock.advance(19)
    expect(idsOf(await watch.next())).toEqual(['a'])
    expect(watch.pending()).toEqual([])
    await t.clock.advance(1)
    const { data } = await watch.next()
    expect(data).toMatchObject({ upserted: [{ id: 'a', weight: 4 }, { id: 'b' }] })
  })

  test('says why an instance went', async () => {
    await using t = await setUp()
    t.register({ id: 'left' })
    t.register({ id: 'died' })
    await using watch = await t.watch('service=web')
    await watch.next()
    t.plane.cancel(t.ref({ id: 'left' }))
    await t.deliver()
    expect((await watch.next()).data).toMatchObject({
      upserted: [],
      removed: [{ zone: 'z1', id: 'left', reason: 'cancelled' }],
    })
    t.run(95_000)
    const events = [await watch.next()]
    while (events.at(-1)?.event === 'ping') events.push(await watch.next())
    expect(events.at(-1)?.data).toMatchObject({
      removed: [{ zone: 'z1', id: 'died', reason: 'evicted' }],
    })
  })

  test('of an unknown service says so, and tells when it appears', async () => {
    await using t = await setUp()
    await using watch = await t.watch('service=web&env=prod')
    expect((await watch.next()).data).toMatchObject({
      service: 'web',
      env: 'prod',
      known: false,
      instances: [],
      protected: null,
    })
    t.register({ env: 'prod' })
    await t.deliver()
    expect(idsOf(await watch.next())).toEqual(['a'])
  })
})

test('a second watcher of the same sees what waits in its snapshot, and the first is told once', async () => {
  await using t = await setUp()
  t.register()
  await using first = await t.watch('service=web')
  await first.next()
  t.register({}, { weight: 2 })
  await t.clock.advance(0)
  t.register({ id: 'b' })
  await using second = await t.watch('service=web')
  expect(idsOf(await second.next(), 'instances')).toEqual(['a', 'b'])
  await t.deliver()
  t.register({ id: 'c' })
  await t.deliver()
  for (const id of ['a', 'b', 'c']) expect(idsOf(await first.next())).toEqual([id])
  expect(idsOf(await second.next())).toEqual(['c'])
  expect([first.pending(), second.pending()]).toEqual([[], []])
})

describe('through a filter', () => {
  test('shows what fits, and takes away what no longer does, once', async () => {
    await using t = await setUp()
    t.register({ id: 'a' }, { metadata: { rack: '7' } })
    t.register({ id: 'b' }, { metadata: { rack: '8' } })
    await using watch = await t.watch('service=web&metadata.rack=7&status=up')
    expect(idsOf(await watch.next(), 'instances')).toEqual(['a'])
    t.plane.set(t.ref({ id: 'a' }), { statusOverride: 'down' })
    await t.deliver()
    expect((await watch.next()).data).toMatchObject({
      upserted: [],
      removed: [{ zone: 'z1', id: 'a', reason: 'filtered' }],
    })
    t.plane.set(t.ref({ id: 'a' }), { weight: 9 })
    t.register({ id: 'b' }, { metadata: { rack: '8' }, weight: 9 })
    await t.deliver()
    t.plane.cancel(t.ref({ id: 'a' }))
    await t.deliver()
    t.register({ id: 'b' }, { metadata: { rack: '7' } })
    await t.deliver()
    expect((await watch.next()).data).toMatchObject({ upserted: [{ id: 'b' }], removed: [] })
    expect(watch.pending()).toEqual([])
  })

  test('two watchers of one service each see what fits them', async () => {
    await using t = await setUp()
    await using blue = await t.watch('service=web&tag=blue')
    await using everything = await t.watch('service=web')
    await Promise.all([blue.next(), everything.next()])
    t.register({ id: 'a' }, { tags: ['red'] })
    await t.deliver()
    t.register({ id: 'b' }, { tags: ['blue'] })
    await t.deliver()
    expect(idsOf(await everything.next())).toEqual(['a'])
    expect(idsOf(await everything.next())).toEqual(['b'])
    expect(idsOf(await blue.next())).toEqual(['b'])
  })
})

describe('of several services', () => {
  test('has an id only when all have been told', async () => {
    await using t = await setUp()
    t.register({ service: 'api' })
    t.register()
    await using watch = await t.watch('service=web&service=api&service=web')
    const [web, api] = [await watch.next(), await watch.next()]
    expect([web, api]).toMatchObject([
      { event: 'snapshot', data: { service: 'web' } },
      { event: 'snapshot', data: { service: 'api' }, id: await t.token() },
    ])
    expect(web).not.toHaveProperty('id')
  })

  test('can be resumed from any id without losing what was still on its way', async () => {
    await using t = await setUp()
    await using watch = await t.watch('service=web&service=api')
    await watch.next()
    await watch.next()
    t.register({ service: 'api' })
    t.register()
    t.register({ service: 'api', id: 'b' })
    await t.deliver()
    const first = await watch.next()
    expect(first.data).toMatchObject({ service: 'api', revision: 3 })
    const last = await watch.next()
    expect(last.data).toMatchObject({ service: 'web', revision: 2 })
    await using resumed = await t.watch('service=web&service=api', {
      'last-event-id': first.id ?? '',
    })
    const missed = [await resumed.next(), await resumed.next()]
    expect(missed.map(({ event, data }) => [event, data['service'], data['revision']])).toEqual([
      ['change', 'web', 2],
      ['change', 'api', 3],
    ])
    expect(missed[0]).not.toHaveProperty('id')
    await using upToDate = await t.watch(`service=web&service=api&after=${String(last.id)}`)
    t.register({ id: 'z' })
    await t.deliver()
    expect(idsOf(await upToDate.next())).toEqual(['z'])
  })

  test('may be 256, with the longest names', async () => {
    await using t = await setUp()
    const names = Array.from({ length: 256 }, (_, at) => String(at).padStart(128, 's'))
    const query = names.map((name) => `service=${name}`).join('&')
    await using watch = await t.watch(query)
    const events: WatchEvent[] = []
    for (let at = 0; at < 256; at += 1) events.push(await watch.next())
    expect(events.flatMap(({ id }) => id ?? [])).toHaveLength(1)
    expect(events.at(-1)).toHaveProperty('id')
  })
})

describe('a watcher that comes back', () => {
  test('gets what it missed and no snapshot, by "after" or by Last-Event-ID', async () => {
    await using t = await setUp()
    t.register()
    t.register({ id: 'b' })
    const after = await t.token()
    t.register({ id: 'c' })
    t.plane.cancel(t.ref({ id: 'a' }))
    await using byQuery = await t.watch(`service=web&after=${after}`)
    await using byHeader = await t.watch('service=web', { 'last-event-id': after })
    for (const watch of [byQuery, byHeader]) {
      expect(await watch.next()).toMatchObject({
        event: 'change',
        id: await t.token(),
        data: {
          upserted: [{ id: 'c' }],
          removed: [{ zone: 'z1', id: 'a', reason: 'cancelled' }],
        },
      })
      expect(watch.text()).toMatch(/^retry: 1000\n\nid: /)
    }
  })

  test('is believed by its header where both are there', async () => {
    await using t = await setUp()
    t.register()
    const old = await t.token()
    t.register({ id: 'b' })
    const after = await t.token()
    t.register({ id: 'c' })
    await using watch = await t.watch(`service=web&after=${old}`, { 'last-event-id': after })
    expect(idsOf(await watch.next())).toEqual(['c'])
  })

  test('that missed nothing gets the next change', async () => {
    await using t = await setUp()
    t.register()
    await using watch = await t.watch(`service=web&after=${await t.token()}`)
    t.register({ id: 'b' })
    await t.deliver()
    expect(idsOf(await watch.next())).toEqual(['b'])
  })

  test('is told through a filter what it may have seen and what does not fit any more', async () => {
    await using t = await setUp()
    t.register({ id: 'a' }, { tags: ['blue'] })
    const after = await t.token()
    t.register({ id: 'a' }, { tags: ['red'] })
    await using watch = await t.watch(`service=web&tag=blue&after=${after}`)
    expect((await watch.next()).data).toMatchObject({
      upserted: [],
      removed: [{ id: 'a', reason: 'filtered' }],
    })
  })

  test.each([
    ['other_node', (token: string) => token.replace(/n1$/, 'n2')],
    ['other_node', (token: string) => token.replace(/^[^.]+/, '1')],
  ])('from elsewhere (%s) starts over with every service', async (reason, alter) => {
    await using t = await setUp()
    t.register()
    t.register({ service: 'api' })
    const after = alter(await t.token())
    await using watch = await t.watch(`service=web&service=api&after=${after}`)
    expect(await watch.next()).toEqual({ event: 'resync', id: 'none', data: { reason } })
    const snapshots = [await watch.next(), await watch.next()]
    expect(snapshots).toMatchObject([
      { event: 'snapshot', data: { service: 'web' } },
      { event: 'snapshot', data: { service: 'api' }, id: expect.any(String) },
    ])
    expect(await t.metric(`rollcall_watcher_resyncs_total{reason="${reason}"}`)).toMatch(/ 1$/)
  })

  test('after longer than the node remembers starts over', async () => {
    await using t = await setUp({ limits: { changeRingSize: 3 } })
    t.register()
    const after = await t.token()
    for (const weight of [2, 3, 4, 5]) t.register({}, { weight })
    await using watch = await t.watch(`service=web&after=${after}`)
    expect(await watch.next()).toEqual({ event: 'resync', id: 'none', data: { reason: 'too_old' } })
    expect(idsOf(await watch.next(), 'instances')).toEqual(['a'])
    expect(await t.metric('rollcall_watcher_resyncs_total{reason="too_old"}')).toMatch(/ 1$/)
  })
})
