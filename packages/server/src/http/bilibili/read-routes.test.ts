import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { setUpApp, setUpPlane, type AppHarness } from '../../testing/index.ts'
import { A, bodyOf, callsOf, type Params } from './testing/calls.ts'

const NOT_FOUND = '{"code":-404,"message":"-404","ttl":1}'
const UP: Params = { env: 'e', appid: 'a', status: '1' }

async function setUp() {
  const t = await setUpApp()
  const calls = callsOf(t)
  return {
    t,
    ...calls,
    register: (params: Params = {}) => calls.post('register', { ...A, ...params }),
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

interface App {
  readonly instances: Readonly<Record<string, readonly { hostname: string }[]>>
  readonly latest_timestamp: bigint
}

function hostsOf({ instances }: App) {
  return Object.fromEntries(
    Object.entries(instances).map(([zone, all]) => [zone, all.map(({ hostname }) => hostname)]),
  )
}

describe('fetch', () => {
  async function setUpZones() {
    const s = await setUp()
    await s.register({ hostname: 'up' })
    await s.register({ hostname: 'waits', status: '2' })
    await s.register({ hostname: 'far', zone: 'y', status: '2' })
    await s.register({ hostname: 'other', env: 'other' })
    const fetch = async (params: Params) => bodyOf(await s.get('fetch', { ...UP, ...params }))
    return { ...s, fetch }
  }

  test.each<[string, Params, object]>([
    ['up', { status: '1' }, { z: ['up'], y: [] }],
    ['waiting', { status: '2' }, { z: ['waits'], y: ['far'] }],
    ['both', { status: '3' }, { z: ['up', 'waits'], y: ['far'] }],
    ['bits that we do not know', { status: '4' }, { z: [], y: [] }],
    ['one zone', { status: '3', zone: 'y' }, { y: ['far'] }],
    ['another env', { env: 'other' }, { z: ['other'] }],
  ])('by status and zone: %s', async (_what, params, hosts) => {
    await using s = await setUpZones()
    const { code, message, ttl, data } = await s.fetch(params)
    expect([code, message, ttl, hostsOf(data)]).toEqual([0, '0', 1, hosts])
  })

  test.each<[string, Params]>([
    ['an unknown app', { appid: 'b' }],
    ['an unknown zone', { zone: 'x' }],
    ['an unknown env', { env: 'x' }],
  ])('%s is -404', async (_what, params) => {
    await using s = await setUpZones()
    const answer = await s.get('fetch', { ...UP, ...params })
    expect([answer.status, answer.text]).toEqual([200, NOT_FOUND])
  })

  test.each<[string, Params]>([
    ['no status', { status: '' }],
    ['a status of 0', { status: '0' }],
    ['no env', { env: '' }],
    ['no appid', { appid: '' }],
  ])('%s is -400', async (_what, params) => {
    await using s = await setUpZones()
    expect((await s.fetch(params)).code).toBe(-400)
  })

  test('an app of which the last has gone is -404', async () => {
    await using s = await setUp()
    await s.register()
    await s.post('cancel', A)
    expect((await s.get('fetch', UP)).text).toBe(NOT_FOUND)
  })

  test('shows an operator’s word, and every native status that is not up as 2', async () => {
    await using s = await setUp()
    await s.register()
    for (const status of ['starting', 'out_of_service', 'down'] as const) {
      s.t.plane.set({ env: 'e', service: 'a', id: 'h' }, { statusOverride: status })
      const { data } = bodyOf(await s.get('fetch', { ...UP, status: '3' }))
      expect(data).toMatchObject({ instances: { z: [{ hostname: 'h', status: 2 }] } })
    }
  })

  test('encodes once per change: renewals show with the next', async () => {
    await using s = await setUp()
    await s.register()
    const renewed = async () => /"renew_timestamp":(\d+)/.exec((await s.get('fetch', UP)).text)?.[1]
    expect(await renewed()).toBe('1700000000000000000')
    s.t.run(10_000)
    await s.post('renew', A)
    expect(await renewed()).toBe('1700000000000000000')
    await s.register({ hostname: 'i' })
    expect(await renewed()).toBe('1700000010000000000')
  })

  test('flat: one list, and the zones beside it', async () => {
    await using s = await setUpZones()
    const { data } = await s.fetch({ status: '3', flat: '1' })
    const flat: { instances: { hostname: string }[]; zone_instances: App['instances'] } = data
    expect(flat.instances.map(({ hostname }) => hostname)).toEqual(['up', 'waits', 'far'])
    const byZone = hostsOf({ instances: flat.zone_instances, latest_timestamp: 0n })
    expect(byZone).toEqual({ z: ['up', 'waits'], y: ['far'] })
  })

  test('compresses what is worth it', async () => {
    await using s = await setUp()
    s.t.registerMany(20, 'i', { env: 'e', service: 'a', zone: 'z' })
    const url = 'GET /discovery/fetch?env=e&appid=a&status=1'
    const plain = await s.t.ask(url)
    const packed = await s.t.ask(url, { headers: { 'accept-encoding': 'gzip' } })
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
    expect(gunzipSync(packed.bytes).toString()).toBe(plain.text)
  })
})

test('fetchs leaves out what there is none of', async () => {
  await using s = await setUp()
  await s.register()
  await s.register({ appid: 'b' })
  const some = bodyOf(await s.get('fetchs', { ...UP, appid: ['a', 'x,b'] }))
  expect(Object.keys(some.data)).toEqual(['a', 'b'])
  const none = await s.get('fetchs', { ...UP, appid: 'x' })
  expect(none.text).toBe('{"code":0,"message":"0","ttl":1,"data":{}}')
})

describe('fetch/all', () => {
  test('has every instance, the envs of an app mixed', async () => {
    await using s = await setUp()
    await s.register()
    await s.register({ env: 'other', zone: 'y' })
    await s.register({ appid: 'b', hostname: 'i', status: '2' })
    const answer = await s.get('fetch/all')
    const { code, ttl, data } = bodyOf(answer)
    expect([code, ttl]).toEqual([0, 1])
    const apps = data as Record<string, { env: string; zone: string; hostname: string }[]>
    expect(
      Object.fromEntries(
        Object.entries(apps).map(([app, all]) => [
          app,
          all.map(({ env, zone, hostname }) => `${env}/${zone}/${hostname}`),
        ]),
      ),
    ).toEqual({ a: ['e/z/h', 'other/y/h'], b: ['e/z/i'] })
    expect(answer.headers['kratos-status-code']).toBe('0')
  })

  test('of an empty registry is an empty object', async () => {
    await using s = await setUp()
    expect((await s.get('fetch/all')).text).toBe('{"code":0,"message":"0","ttl":1,"data":{}}')
  })
})

/** Brings in what another node of the zone says of itself. */
function joinAs(node: string, { plane: { core } }: AppHarness): void {
  const other = setUpPlane({ node })
  other.plane.registerSelf({ addresses: [`http://${node}:7070`] })
  const place = { service: 'infra.discovery', id: node }
  const record = other.record(place)
  if (!record) throw new Error('A node that registered itself has a record.')
  const key = { ...other.ref(place), zone: 'z1' }
  core.admit(core.table.take(key, core.feed.revision), record)
}

describe('the registry itself', () => {
  async function setUpSelf() {
    const s = await setUp()
    s.t.plane.registerSelf({ addresses: ['http://10.0.0.1:7070'] })
    return s
  }

  test.each(['e', 'prod', 'default'])('is found in env %s, so that clients start', async (env) => {
    await using s = await setUpSelf()
    const query = { env, hostname: 'c', appid: 'infra.discovery', latest_timestamp: '0' }
    const { data, error } = bodyOf(await s.get('polls', query))
    expect(data).toMatchObject({
      'infra.discovery': {
        instances: { z1: [{ env, zone: 'z1', hostname: 'n1', addrs: ['http://10.0.0.1:7070'] }] },
        latest_timestamp: 1_700_000_000_000_000_000n,
      },
    })
    expect(error).toEqual({ '-404': null })
  })

  test('is found in every zone that is asked for', async () => {
    await using s = await setUpSelf()
    for (const zone of ['z1', 'sh001']) {
      const query = { env: 'e', zone, appid: 'infra.discovery', status: '1' }
      const { data } = bodyOf(await s.get('fetch', query))
      expect(data).toMatchObject({ instances: { [zone]: [{ zone, env: 'e', hostname: 'n1' }] } })
    }
  })

  test('wakes pollers of any env when its nodes change', async () => {
    await using s = await setUpSelf()
    const since = '1700000000000000000'
    const query = { env: 'e', hostname: 'c', appid: 'infra.discovery', latest_timestamp: since }
    const waiting = s.get('polls', query)
    await s.t.untilWaiting(1)
    s.t.plane.registerSelf({ addresses: ['http://10.0.0.2:7070'] })
    await s.t.clock.advance(0)
    expect((await waiting).text).toContain('http://10.0.0.2:7070')
  })

  test('lists every node of its zone, and those that it does not hear as lost', async () => {
    await using s = await setUpSelf()
    for (const node of ['n2', 'n3']) joinAs(node, s.t)
    const { data } = (await s.get('nodes')).body
    expect((data as { addr: string }[]).toSorted((a, b) => (a.addr < b.addr ? -1 : 1))).toEqual([
      { addr: '10.0.0.1:7070', status: 0, zone: 'z1' },
      { addr: 'n2:7070', status: 0, zone: 'z1' },
      { addr: 'n3:7070', status: 1, zone: 'z1' },
    ])
  })

  test('lists its nodes as addresses', async () => {
    await using s = await setUpSelf()
    expect((await s.get('nodes')).text).toBe(
      '{"code":0,"message":"0","ttl":1,"data":[{"addr":"10.0.0.1:7070","status":0,"zone":"z1"}]}',
    )
  })
})

describe('callback', () => {
  test('wraps every answer in a call', async () => {
    await using s = await setUp()
    await s.register()
    const plain = (await s.get('fetch', UP)).text
    for (const callback of ['cb', 'a.b.c', '$_1']) {
      const answer = await s.get('fetch', { ...UP, callback, jsonp: 'jsonp' })
      expect(answer.text).toBe(`${callback}(${plain})`)
      expect(answer.headers).toMatchObject({
        'content-type': 'application/javascript; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'kratos-status-code': '0',
      })
    }
    const missing = await s.get('fetch', { ...UP, appid: 'b', callback: 'cb' })
    expect(missing.text).toBe(`cb(${NOT_FOUND})`)
    expect(missing.headers['kratos-status-code']).toBe('-404')
  })

  test.each(['alert(1)', 'a b', '<script>', 'a..b', '1a', 'a'.repeat(65)])(
    'that is no plain name is -400, and not called: %s',
    async (callback) => {
      await using s = await setUp()
      const answer = await s.get('nodes', { callback })
      expect(answer.text).toBe('{"code":-400,"message":"-400","ttl":1}')
      expect(answer.headers['content-type']).toMatch(/^application\/json/)
    },
  )
})
