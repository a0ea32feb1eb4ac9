import { describe, expect, test } from 'vitest'
import { ackOnDemand, setUpApp, soon, toldOthers, type Answer } from '../../testing/index.ts'

const NS = '1700000000000000000'
const A = { env: 'dev', appid: 'testapp', hostname: 'host1' }
const REGISTER = { ...A, addrs: ['rpc:aaa', 'rpc:bbb'], status: 1, version: '1' }
const DONE = '{"code":200,"message":"","data":""}'
const INSTANCE =
  `{"env":"dev","appid":"testapp","hostname":"host1","addrs":["rpc:aaa","rpc:bbb"],"version":"1","status":1,` +
  `"reg_timestamp":${NS},"up_timestamp":${NS},"renew_timestamp":${NS},"dirty_timestamp":${NS},"latest_timestamp":${NS}}`

async function setUp() {
  const t = await setUpApp()
  const post = (path: string, body?: unknown, headers = {}) =>
    t.ask(`POST /api/${path}`, { ...(body !== undefined && { body }), headers })
  return { t, post, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

function codeOf(answer: Answer): unknown {
  expect(answer.status).toBe(200)
  return answer.body['code']
}

test('an instance lives: registered, fetched digit for digit, renewed, cancelled', async () => {
  await using s = await setUp()
  expect((await s.post('register', REGISTER)).text).toBe(DONE)
  expect(s.t.ids({ env: 'dev', service: 'testapp' })).toEqual(['host1'])
  const fetched = await s.post('fetch', { ...A, status: 1 })
  expect(fetched.text).toBe(
    `{"code":200,"message":"","data":{"instances":[${INSTANCE}],"latest_timestamp":${NS}}}`,
  )
  s.t.run(60_000)
  expect((await s.post('renew', A)).text).toBe(DONE)
  s.t.run(60_000)
  expect((await s.post('fetch', A)).text).toContain(`"renew_timestamp":1700000060000000000`)
  expect((await s.post('cancel', A)).text).toBe(DONE)
  expect(codeOf(await s.post('fetch', A))).toBe(404)
})

test('renewing and cancelling what is not there is 404, and the client registers again', async () => {
  await using s = await setUp()
  for (const path of ['renew', 'cancel']) {
    const answer = await s.post(path, A)
    expect(answer.body).toEqual({ code: 404, message: expect.any(String), data: '' })
    expect(codeOf(answer)).toBe(404)
  }
})

test('a cancel is answered when another node has it; with replication=true at once', async () => {
  await using s = await setUp()
  const acks = ackOnDemand(s.t)
  await s.post('register', REGISTER)
  let isAnswered = false
  const answer = s.post('cancel', A).finally(() => (isAnswered = true))
  await soon('it waits', () => acks.length === 1)
  await s.t.clock.advance(199)
  expect(isAnswered).toBe(false)
  acks[0]?.()
  expect((await answer).text).toBe(DONE)
  await s.post('register', REGISTER)
  expect((await s.post('cancel', { ...A, replication: true })).text).toBe(DONE)
  expect(acks).toHaveLength(1)
})

test('replication=true is done here, and told to no other node', async () => {
  await using s = await setUp()
  const told = toldOthers(s.t)
  const renew = { ...A, dirty_timestamp: 1 }
  const cancel = { ...A, latest_timestamp: 1 }
  for (const [replication, expected] of [
    [true, []],
    [false, ['host1', 'host1']],
    [undefined, ['host1', 'host1']],
  ] as const) {
    expect(codeOf(await s.post('register', { ...REGISTER, replication }))).toBe(200)
    expect(s.t.ids({ env: 'dev', service: 'testapp' })).toEqual(['host1'])
    expect(codeOf(await s.post('renew', { ...renew, replication }))).toBe(200)
    expect(codeOf(await s.post('cancel', { ...cancel, replication }))).toBe(200)
    expect(s.t.ids({ env: 'dev', service: 'testapp' })).toEqual([])
    expect(told.splice(0)).toEqual(expected)
  }
})

describe('fetch', () => {
  test('joins the zones, and filters by bits of status; without it, what is up', async () => {
    await using s = await setUp()
    s.t.register({ env: 'dev', service: 'testapp', id: 'up' })
    s.t.register({ env: 'dev', service: 'testapp', id: 'far', zone: 'z2' }, { status: 'down' })
    const fetch = async (more: object) => {
      const { data } = (await s.post('fetch', { ...A, ...more })).body
      return data === ''
        ? []
        : (data as { instances: { hostname: string; status: number }[] }).instances.map(
            ({ hostname, status }) => `${hostname} ${status}`,
          )
    }
    expect(await fetch({})).toEqual(['up 1'])
    expect(await fetch({ status: 2 })).toEqual(['far 2'])
    expect(await fetch({ status: 3 })).toEqual(['up 1', 'far 2'])
    expect(await fetch({ status: 0 })).toEqual([])
  })
})

test('fetchall has every app, also where no body is sent', async () => {
  await using s = await setUp()
  expect((await s.post('fetchall')).text).toBe('{"code":200,"message":"","data":{}}')
  await s.post('register', REGISTER)
  const expected = `{"code":200,"message":"","data":{"testapp":[${INSTANCE}]}}`
  expect((await s.post('fetchall')).text).toBe(expected)
  expect((await s.post('fetchall', '')).text).toBe(expected)
})

test('nodes are found in every env, under the name that its clients know', async () => {
  await using s = await setUp()
  s.t.plane.registerSelf({ addresses: ['http://10.0.0.1:7070'] })
  const nodes = await s.post('nodes', { env: 'dev' })
  expect(nodes.body).toMatchObject({
    code: 200,
    data: {
      instances: [
        { env: 'dev', appid: 'Kavin.discovery', hostname: 'n1', addrs: ['http://10.0.0.1:7070'] },
      ],
    },
  })
  const fetched = await s.post('fetch', { env: 'dev', appid: 'Kavin.discovery', status: 1 })
  expect(fetched.text).toBe(nodes.text)
  expect(codeOf(await s.post('register', { ...REGISTER, appid: 'Kavin.discovery' }))).toBe(400)
})

describe('what is refused', () => {
  test.each<[string, string, unknown]>([
    ['a status of 3', 'register', { ...REGISTER, status: 3 }],
    ['no status', 'register', { ...REGISTER, status: undefined }],
    ['addrs that are no list', 'register', { ...REGISTER, addrs: 'a' }],
    ['addrs of numbers', 'register', { ...REGISTER, addrs: [1] }],
    ['too many addrs', 'register', { ...REGISTER, addrs: Array(17).fill('a') }],
    ['no appid', 'register', { ...REGISTER, appid: undefined }],
    ['a hostname outside our grammar', 'renew', { ...A, hostname: 'a b' }],
    ['a version that is none', 'register', { ...REGISTER, version: 1 }],
    ['a status that is text', 'fetch', { ...A, status: 'up' }],
    ['replication that is text', 'register', { ...REGISTER, replication: 'true' }],
    ['no env', 'nodes', {}],
    ['no body', 'cancel', undefined],
    ['a list', 'cancel', []],
    ['no JSON', 'cancel', '{'],
    ['a poisoned prototype', 'cancel', '{"__proto__":{}}'],
  ])('%s is 400, and changes nothing', async (_what, path, body) => {
    await using s = await setUp()
    const before = s.t.plane.core.writes
    expect(codeOf(await s.post(path, body))).toBe(400)
    expect(s.t.plane.core.writes).toBe(before)
  })

  test('everything while the node is not ready: 500', async () => {
    await using s = await setUp()
    s.t.readiness.block('instances', 'loading')
    expect(codeOf(await s.post('register', REGISTER))).toBe(500)
  })
})

test('names are matched whatever their case, and the type of the body does not matter', async () => {
  await using s = await setUp()
  const body = JSON.stringify({
    Env: 'dev',
    AppId: 'testapp',
    HOSTNAME: 'host1',
    Addrs: [],
    Status: 2,
  })
  for (const type of ['application/x-www-form-urlencoded', 'text/plain']) {
    expect(codeOf(await s.post('register', body, { 'content-type': type }))).toBe(200)
  }
  expect(s.t.ids({ env: 'dev', service: 'testapp' })).toEqual(['host1'])
})

test('a missing token is HTTP 401, as everywhere', async () => {
  await using t = await setUpApp({ token: 'secret' })
  const answer = await t.ask('POST /api/fetchall')
  expect([answer.status, answer.body['code']]).toEqual([401, 'unauthenticated'])
})
