import { describe, expect, test } from 'vitest'
import { ackOnDemand, setUpApp, soon, toldOthers, type AppHarness } from '../../testing/index.ts'
import { A, bodyOf, callsOf, encoded, type Params } from './testing/calls.ts'

const SUCCESS = '{"code":0,"message":"0","ttl":1}'
const WALL_NS = 1_700_000_000_000_000_000n
const KEY: Params = { zone: 'z', env: 'e', appid: 'a', hostname: 'h' }

async function setUp() {
  const t = await setUpApp()
  return { t, ...callsOf(t), [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

function shownOf(t: AppHarness, id = 'h') {
  return t.shown({ env: 'e', zone: 'z', service: 'a', id })
}

describe('the vectors', () => {
  test('register with everything in the query and no body', async () => {
    await using s = await setUp()
    const answer = await s.t.ask(
      'POST /discovery/register?zone=z&env=e&appid=a&hostname=h&status=1&addrs=http%3A%2F%2F1.1.1.1%3A80',
    )
    expect([answer.status, answer.text]).toEqual([200, SUCCESS])
    expect(answer.headers).toMatchObject({
      'kratos-status-code': '0',
      'content-type': 'application/json; charset=utf-8',
    })
    expect(shownOf(s.t)?.record.content).toMatchObject({
      addresses: ['http://1.1.1.1:80'],
      status: 'up',
      ttlMs: 90_000,
      weight: 1,
    })
  })

  test('renew of what is not there: the client registers again on -404', async () => {
    await using s = await setUp()
    const answer = await s.post('renew', KEY)
    expect([answer.status, answer.text]).toEqual([200, '{"code":-404,"message":"-404","ttl":1}'])
    expect(answer.headers['kratos-status-code']).toBe('-404')
  })

  test('renew in the name of a node of the original, by the version of the content', async () => {
    await using s = await setUp()
    await s.post('register', A)
    const peer = async (dirty: bigint | undefined) =>
      bodyOf(
        await s.post('renew', {
          ...KEY,
          replication: 'true',
          ...(dirty !== undefined && { dirty_timestamp: String(dirty) }),
        }),
      )
    const mine = { appid: 'a', hostname: 'h', dirty_timestamp: WALL_NS }
    expect(await peer(WALL_NS - 1n)).toMatchObject({ code: -409, message: '-409', data: mine })
    expect(await peer(undefined)).toMatchObject({ code: -409, data: mine })
    expect(await peer(WALL_NS + 1n)).toEqual({ code: -404, message: '-404', ttl: 1 })
    expect(await peer(WALL_NS)).toMatchObject({ code: 0, data: mine })
  })
})

describe('register', () => {
  test('keeps every field, and an instance of it shows them with their times', async () => {
    await using s = await setUp()
    await s.post('register', {
      ...A,
      region: 'sh',
      version: '1.2',
      addrs: ['http://1.1.1.1:80', 'grpc://1.1.1.1:90'],
      metadata: '{"weight":"7","color":"red"}',
    })
    s.t.run(10_000)
    const { data } = bodyOf(await s.post('renew', KEY))
    expect(data).toEqual({
      region: 'sh',
      zone: 'z',
      env: 'e',
      appid: 'a',
      hostname: 'h',
      addrs: ['http://1.1.1.1:80', 'grpc://1.1.1.1:90'],
      version: '1.2',
      metadata: { weight: '7', color: 'red' },
      status: 1,
      reg_timestamp: WALL_NS,
      up_timestamp: WALL_NS,
      renew_timestamp: WALL_NS + 10_000_000_000n,
      dirty_timestamp: WALL_NS,
      latest_timestamp: WALL_NS,
    })
  })

  test.each<[string, Record<string, string>, number]>([
    ['{"weight":10}', { weight: '10' }, 10],
    [
      '{"a":true,"b":{"c":[1]},"d":null,"e":1.5}',
      { a: 'true', b: '{"c":[1]}', d: '', e: '1.5' },
      1,
    ],
    ['{"weight":"heavy"}', { weight: 'heavy' }, 1],
    ['{"weight":"1000001"}', { weight: '1000001' }, 1],
    ['null', {}, 1],
    ['', {}, 1],
    ['{}', {}, 1],
  ])('metadata %s', async (metadata, kept, weight) => {
    await using s = await setUp()
    expect((await s.post('register', { ...A, metadata })).text).toBe(SUCCESS)
    expect(shownOf(s.t)?.record.content).toMatchObject({ metadata: kept, weight })
  })

  test('status 2 is an instance that waits', async () => {
    await using s = await setUp()
    await s.post('register', { ...A, status: '2' })
    expect(shownOf(s.t)?.record.content).toMatchObject({ status: 'starting', upSinceMs: 0 })
  })

  test('the same again is no change and wakes nobody', async () => {
    await using s = await setUp()
    await s.post('register', A)
    const before = s.t.plane.stats().revision
    s.t.run(60_000)
    await s.post('register', A)
    expect(s.t.plane.stats().revision).toBe(before)
    s.t.run(60_000)
    expect(shownOf(s.t)).toBeDefined()
  })

  test('older than what we hold, by a node of the original, changes nothing', async () => {
    await using s = await setUp()
    await s.post('register', A)
    const theirs = { ...A, version: 'theirs', replication: 'true' }
    const old = await s.post('register', { ...theirs, dirty_timestamp: String(WALL_NS - 1n) })
    expect(bodyOf(old)).toMatchObject({ code: -409, data: { version: '' } })
    await s.post('register', { ...theirs, dirty_timestamp: String(WALL_NS + 1n) })
    expect(shownOf(s.t)?.record.content.version).toBe('theirs')
  })
})

describe('cancel', () => {
  test('removes, and says -404 of what is not there', async () => {
    await using s = await setUp()
    await s.post('register', A)
    expect((await s.post('cancel', KEY)).text).toBe(SUCCESS)
    expect(shownOf(s.t)).toBeUndefined()
    expect(bodyOf(await s.post('cancel', KEY)).code).toBe(-404)
  })

  test('is answered when another node has it, or after a moment', async () => {
    await using s = await setUp()
    const acks = ackOnDemand(s.t)
    for (const settle of [() => acks[0]?.(), () => s.t.clock.advance(200)]) {
      await s.post('register', A)
      let isAnswered = false
      const answer = s.post('cancel', KEY).finally(() => (isAnswered = true))
      await soon('it waits', () => acks.length === 1)
      await s.t.clock.advance(199)
      expect([isAnswered, shownOf(s.t)]).toEqual([false, undefined])
      await settle()
      expect((await answer).text).toBe(SUCCESS)
      acks.length = 0
    }
  })

  test('by a node of the original is waited for by nobody', async () => {
    await using s = await setUp()
    const acks = ackOnDemand(s.t)
    await s.post('register', A)
    expect((await s.post('cancel', { ...KEY, replication: 'true' })).text).toBe(SUCCESS)
    expect(acks).toEqual([])
  })

  test('late, by a node of the original, removes nothing newer', async () => {
    await using s = await setUp()
    await s.post('register', A)
    const late = { ...KEY, replication: 'true', latest_timestamp: String(WALL_NS - 1n) }
    expect(bodyOf(await s.post('cancel', late))).toMatchObject({ code: -409 })
    expect(shownOf(s.t)).toBeDefined()
    expect(bodyOf(await s.post('cancel', { ...late, latest_timestamp: '0' })).code).toBe(0)
  })
})

describe('set', () => {
  async function setUpTwo() {
    const s = await setUp()
    await s.post('register', { ...A, metadata: '{"a":"1"}' })
    await s.post('register', { ...A, hostname: 'i', status: '2' })
    const set = async (params: Params) =>
      bodyOf(await s.post('set', { zone: 'z', env: 'e', appid: 'a', ...params })).code
    const status = (id: string) => s.t.plane.instance({ env: 'e', service: 'a', id }).instance
    return { ...s, set, status }
  }

  test('status over the client, until it is set to what the client says', async () => {
    await using s = await setUpTwo()
    expect(await s.set({ hostname: ['h', 'i'], status: ['2', '1'] })).toBe(0)
    expect(s.status('h').record.override?.value).toBe('starting')
    expect(s.status('i').record.override?.value).toBe('up')
    expect(await s.set({ hostname: 'h,i', status: '1,2' })).toBe(0)
    expect(s.status('h').record.override?.value).toBeNull()
    expect(s.status('i').record.override?.value).toBeNull()
  })

  test('metadata, key by key, and the weight with it', async () => {
    await using s = await setUpTwo()
    const metadata = ['{"weight":25}', '{"b":"2"}']
    expect(await s.set({ hostname: ['h', 'i'], metadata })).toBe(0)
    expect(s.status('h').record.content).toMatchObject({
      metadata: { a: '1', weight: '25' },
      weight: 25,
    })
    expect(s.status('i').record.content).toMatchObject({ metadata: { b: '2' }, weight: 1 })
  })

  test.each<[string, Params]>([
    ['another count of statuses', { hostname: ['h', 'i'], status: '2' }],
    ['another count of metadata', { hostname: 'h', metadata: ['{}', '{}'] }],
    ['a status of 3', { hostname: 'h', status: '3' }],
    ['an unknown host', { hostname: ['h', 'gone'], status: ['2', '2'] }],
    ['no host', { status: '2' }],
    ['metadata that is a list', { hostname: 'h', metadata: '[]' }],
  ])('%s is -400, and sets nothing', async (_what, params) => {
    await using s = await setUpTwo()
    const before = s.t.plane.core.writes
    expect(await s.set(params)).toBe(-400)
    expect(s.t.plane.core.writes).toBe(before)
  })

  test('older than what we hold, by a node of the original, sets nothing', async () => {
    await using s = await setUpTwo()
    const theirs = { hostname: 'h', status: '2', replication: 'true' }
    expect(await s.set({ ...theirs, set_timestamp: String(WALL_NS - 1n) })).toBe(-409)
    expect(s.status('h').record.override).toBeNull()
    expect(await s.set({ ...theirs, set_timestamp: String(WALL_NS) })).toBe(0)
  })
})

describe('replication', () => {
  test.each([
    ['true', []],
    ['1', []],
    ['false', ['h', 'h', 'h']],
    ['', ['h', 'h', 'h']],
  ])('%j: told to other nodes: %j', async (replication, expected) => {
    await using s = await setUp()
    const told = toldOthers(s.t)
    const dirty = String(WALL_NS)
    expect((await s.post('register', { ...A, replication })).text).toBe(SUCCESS)
    const renewal = bodyOf(await s.post('renew', { ...KEY, replication, dirty_timestamp: dirty }))
    expect(renewal.code).toBe(0)
    expect((await s.post('set', { ...KEY, status: '2', replication })).text).toBe(SUCCESS)
    expect(shownOf(s.t)?.record.override?.value).toBe('starting')
    expect((await s.post('cancel', { ...KEY, replication })).text).toBe(SUCCESS)
    expect(shownOf(s.t)).toBeUndefined()
    expect(told).toEqual(expected)
  })
})

interface Refused {
  readonly what: string
  readonly path: string
  readonly params: Params
  readonly code: number
}

describe('what is refused', () => {
  test.each<Refused>([
    { what: 'no zone', path: 'register', params: { ...A, zone: '' }, code: -400 },
    { what: 'no env', path: 'register', params: { ...A, env: '' }, code: -400 },
    { what: 'no appid', path: 'register', params: { ...A, appid: '' }, code: -400 },
    { what: 'no hostname', path: 'register', params: { ...A, hostname: '' }, code: -400 },
    { what: 'no status', path: 'register', params: { ...A, status: '' }, code: -400 },
    { what: 'a status of 3', path: 'register', params: { ...A, status: '3' }, code: -400 },
    { what: 'no addrs', path: 'register', params: { ...A, addrs: '' }, code: -400 },
    {
      what: 'addrs of nothing but commas',
      path: 'register',
      params: { ...A, addrs: ',,' },
      code: -400,
    },
    {
      what: 'metadata that is no JSON',
      path: 'register',
      params: { ...A, metadata: '{' },
      code: -400,
    },
    {
      what: 'metadata that is no object',
      path: 'register',
      params: { ...A, metadata: '"a"' },
      code: -400,
    },
    {
      what: 'an appid outside our grammar',
      path: 'register',
      params: { ...A, appid: 'a b' },
      code: -400,
    },
    {
      what: 'a dirty_timestamp that is no integer',
      path: 'register',
      params: { ...A, dirty_timestamp: '1e3' },
      code: -400,
    },
    {
      what: 'a version too long',
      path: 'register',
      params: { ...A, version: 'v'.repeat(129) },
      code: -400,
    },
    {
      what: 'too many addrs',
      path: 'register',
      params: { ...A, addrs: Array(17).fill('http://h:1') as string[] },
      code: -509,
    },
    {
      what: 'too much metadata',
      path: 'register',
      params: { ...A, metadata: `{"a":"${'x'.repeat(5_000)}"}` },
      code: -509,
    },
    {
      what: 'a name of the registry itself',
      path: 'register',
      params: { ...A, appid: 'infra.discovery' },
      code: -403,
    },
    { what: 'renew without a zone', path: 'renew', params: { ...KEY, zone: '' }, code: -400 },
    {
      what: 'cancel without a hostname',
      path: 'cancel',
      params: { ...KEY, hostname: '' },
      code: -400,
    },
  ])('$what: $code', async ({ path, params, code }) => {
    await using s = await setUp()
    const before = s.t.plane.core.writes
    const answer = await s.post(path, params)
    expect([answer.status, answer.text]).toEqual([
      200,
      `{"code":${code},"message":"${code}","ttl":1}`,
    ])
    expect(answer.headers['kratos-status-code']).toBe(String(code))
    expect(s.t.plane.core.writes).toBe(before)
  })
})

describe('where parameters stand', () => {
  test('in query and form at once; the form wins', async () => {
    await using s = await setUp()
    const query = encoded({ zone: 'z', env: 'e', appid: 'other', addrs: 'grpc://1.1.1.1:90' })
    const body = encoded({ appid: 'a', hostname: 'h', status: '1', addrs: 'http://1.1.1.1:80' })
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    await s.t.ask(`POST /discovery/register?${query}`, { body, headers })
    expect(shownOf(s.t)?.record.content.addresses).toEqual([
      'http://1.1.1.1:80',
      'grpc://1.1.1.1:90',
    ])
  })

  test('in JSON, with the names of the original’s fields or of the wire', async () => {
    await using s = await setUp()
    const { zone, env, hostname } = A
    const body = { Zone: zone, Env: env, AppID: 'a', hostname, Status: 1, Addrs: ['x:1', 'y:2'] }
    expect((await s.t.ask('POST /discovery/register', { body })).text).toBe(SUCCESS)
    expect(shownOf(s.t)?.record.content.addresses).toEqual(['x:1', 'y:2'])
    const peer = { ...KEY, Replication: true, DirtyTimestamp: String(WALL_NS + 1n) }
    expect(bodyOf(await s.t.ask('POST /discovery/renew', { body: peer })).code).toBe(-404)
  })

  test.each([
    ['no type', {}],
    ['a JSON type', { 'content-type': 'application/json' }],
    ['a text type', { 'content-type': 'text/plain' }],
  ])('in the query, beside an empty body of %s', async (_what, headers) => {
    await using s = await setUp()
    const line = `POST /discovery/register?${encoded(A)}`
    expect((await s.t.ask(line, { body: '', headers })).text).toBe(SUCCESS)
  })

  test('JSON that is none is -400', async () => {
    await using s = await setUp()
    const answer = await s.t.ask(`POST /discovery/register?${encoded(A)}`, { body: '{' })
    expect([answer.status, bodyOf(answer).code]).toEqual([200, -400])
  })
})

test('a node that is not ready answers -500 to everything', async () => {
  await using s = await setUp()
  s.t.readiness.block('instances', 'loading')
  const calls = [s.post('register', A), s.post('renew', KEY), s.get('nodes'), s.get('fetch/all')]
  for (const answer of await Promise.all(calls)) {
    expect([answer.status, answer.text]).toEqual([200, '{"code":-500,"message":"-500","ttl":1}'])
  }
})

test('a missing token is HTTP 401, and a wrong method 405, as everywhere', async () => {
  await using t = await setUpApp({ token: 'secret' })
  const { post } = callsOf(t)
  const refused = await post('register', A)
  expect([refused.status, refused.body['code']]).toEqual([401, 'unauthenticated'])
  const headers = { authorization: 'Bearer secret' }
  const allowed = await t.ask(`POST /discovery/register?${encoded(A)}`, { headers })
  expect(allowed.text).toBe(SUCCESS)
  expect((await t.ask('GET /discovery/register', { headers })).status).toBe(405)
})

test('a bug is -500, and logged', async () => {
  const errors: unknown[] = []
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (facts: object, message: string) => errors.push([facts, message]),
  }
  await using t = await setUpApp({ log })
  Object.assign(t.plane, {
    register: () => {
      throw new Error('broken')
    },
  })
  const answer = await callsOf(t).post('register', A)
  expect([answer.status, answer.text]).toEqual([200, '{"code":-500,"message":"-500","ttl":1}'])
  expect(errors).toMatchObject([[{ err: { message: 'broken' } }, expect.any(String)]])
})
