/** Requests as the clients in use build them, byte for byte where that matters. */

import { describe, expect, test } from 'vitest'
import { setUpApp, type AppHarness } from '../../testing/index.ts'
import { bodyOf, FORM, type Body } from './testing/calls.ts'

const SUCCESS = '{"code":0,"message":"0","ttl":1}'

async function setUp() {
  const t = await setUpApp()
  t.plane.registerSelf({ addresses: ['http://10.0.0.1:7070'] })
  const call = async (
    line: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ) => bodyOf(await t.ask(line, { ...(body !== undefined && { body }), headers }))
  return { t, call, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

type SetUp = Awaited<ReturnType<typeof setUp>>

function contentOf(t: AppHarness, service: string, id: string) {
  return t.plane.instance({ env: 'prod', zone: 'sh001', service, id }).instance.record.content
}

describe('kratos v1 and the original’s own SDK: parameters in a form', () => {
  const KEY = 'appid=main.account.service&env=prod&hostname=host-1&region=sh&zone=sh001'
  const post = async ({ call }: SetUp, path: string, body: string) =>
    await call(`POST /discovery/${path}`, body, FORM)

  test('starts: polls until its env has the registry, then uses the nodes of its zone', async () => {
    await using s = await setUp()
    const { code, data } = await s.call(
      'GET /discovery/polls?appid=infra.discovery&env=prod&hostname=host-1&latest_timestamp=0',
    )
    const app = data['infra.discovery'] as { latest_timestamp: bigint; instances: object }
    expect(code).toBe(0)
    expect(app.latest_timestamp > 0n).toBe(true)
    expect(app.instances).toMatchObject({ z1: [{ addrs: ['http://10.0.0.1:7070'] }] })
  })

  test('lives: registers, renews, sets, cancels', async () => {
    await using s = await setUp()
    const more =
      'addrs=http%3A%2F%2F10.1.1.1%3A8000&addrs=grpc%3A%2F%2F10.1.1.1%3A9000' +
      '&metadata=%7B%22cluster%22%3A%22c1%22%2C%22weight%22%3A%2210%22%7D&status=1&version=111'
    expect(await post(s, 'renew', KEY)).toMatchObject({ code: -404 })
    expect(await post(s, 'register', `${more}&${KEY}`)).toMatchObject({ code: 0 })
    expect(contentOf(s.t, 'main.account.service', 'host-1')).toMatchObject({
      addresses: ['http://10.1.1.1:8000', 'grpc://10.1.1.1:9000'],
      metadata: { cluster: 'c1', weight: '10' },
      weight: 10,
      tags: ['region=sh'],
    })
    expect(await post(s, 'renew', KEY)).toMatchObject({ code: 0 })
    const set = `metadata=%7B%22cluster%22%3A%22c2%22%7D&status=1&version=112&${KEY}`
    expect(await post(s, 'set', set)).toMatchObject({ code: 0 })
    expect(contentOf(s.t, 'main.account.service', 'host-1').metadata['cluster']).toBe('c2')
    expect(await post(s, 'cancel', KEY)).toMatchObject({ code: 0 })
  })

  test('sends empty metadata and no version when it has none', async () => {
    await using s = await setUp()
    const body = `addrs=http%3A%2F%2F10.1.1.1%3A8000&metadata=&status=1&version=&${KEY}`
    expect(await post(s, 'register', body)).toMatchObject({ code: 0 })
  })
})

describe('kratos v2 and v3: a POST with everything in the query, and no body', () => {
  const KEY = 'appid=provider&env=prod&hostname=host-2&region=sh&zone=sh001'

  test('lives: registers, renews, cancels', async () => {
    await using s = await setUp()
    const facts =
      'addrs=http%3A%2F%2F10.1.1.2%3A8000&addrs=grpc%3A%2F%2F10.1.1.2%3A9000' +
      '&metadata=%7B%22id%22%3A%22provider-1%22%2C%22kind%22%3A%22%22%7D&status=1&version=v2'
    const register = await s.t.ask(`POST /discovery/register?${facts}&${KEY}`)
    expect([register.status, register.text]).toEqual([200, SUCCESS])
    // It reads the body only if the type says that it is JSON.
    expect(register.headers['content-type']).toMatch(/^application\/json/)
    expect(contentOf(s.t, 'provider', 'host-2').metadata).toEqual({ id: 'provider-1', kind: '' })
    expect(await s.call(`POST /discovery/renew?${KEY}`)).toMatchObject({ code: 0 })
    expect(await s.call(`POST /discovery/cancel?${KEY}`)).toMatchObject({ code: 0 })
    expect(await s.call(`POST /discovery/renew?${KEY}`)).toMatchObject({ code: -404 })
  })

  test('watches an app beside the registry, and never gets a time of 0', async () => {
    await using s = await setUp()
    const query = 'appid=infra.discovery&appid=provider&env=prod&hostname=host-3'
    const poll = (times: readonly bigint[]) =>
      s.call(
        `GET /discovery/polls?${query}${times.map((time) => `&latest_timestamp=${time}`).join('')}`,
      )
    const first = await poll([0n, 0n])
    const registry = timeOf(first, 'infra.discovery')
    expect(Object.keys(first.data)).toEqual(['infra.discovery'])
    const waiting = poll([registry, 0n])
    await s.t.untilWaiting(1)
    await s.call(`POST /discovery/register?addrs=grpc%3A%2F%2Fh%3A1&status=1&${KEY}`)
    await s.t.clock.advance(0)
    const second = await waiting
    expect(timeOf(second, 'provider') > 0n).toBe(true)
    const idle = poll([registry, timeOf(second, 'provider')])
    await s.t.untilWaiting(1)
    await s.t.clock.advance(30_000)
    expect(await idle).toEqual({ code: -304, message: '-304', ttl: 1 })
  })
})

describe('brpc: lists joined by commas, nothing escaped, instances as a list', () => {
  const AGENT = { 'user-agent': 'brpc/1.0 curl/7.0' }
  const REGISTER =
    'appid=echo&hostname=host-4&addrs=grpc://10.1.1.4:8000,http://10.1.1.4:8001&env=prod' +
    '&zone=sh001&region=sh&status=1&version=1.0&metadata={"weight":"20"}'
  const KEY = 'appid=echo&hostname=host-4&env=prod&region=sh&zone=sh001'

  test('finds a node: the first whose status is 0', async () => {
    await using s = await setUp()
    const { data } = await s.call('GET /discovery/nodes', undefined, AGENT)
    expect(data).toEqual([{ addr: '10.0.0.1:7070', status: 0, zone: 'z1' }])
  })

  test('registers, renews, cancels', async () => {
    await using s = await setUp()
    const headers = { ...FORM, ...AGENT }
    expect(await s.call('POST /discovery/register', REGISTER, headers)).toMatchObject({ code: 0 })
    expect(contentOf(s.t, 'echo', 'host-4')).toMatchObject({
      addresses: ['grpc://10.1.1.4:8000', 'http://10.1.1.4:8001'],
      metadata: { weight: '20' },
      weight: 20,
    })
    expect(await s.call('POST /discovery/renew', KEY, headers)).toMatchObject({ code: 0 })
    expect(await s.call('POST /discovery/cancel', KEY, headers)).toMatchObject({ code: 0 })
  })

  test('fetches a list, where others get zones', async () => {
    await using s = await setUp()
    await s.call('POST /discovery/register', REGISTER, FORM)
    const line = 'GET /discovery/fetchs?appid=echo&env=prod&status=1'
    const instance = { hostname: 'host-4', addrs: ['grpc://10.1.1.4:8000', 'http://10.1.1.4:8001'] }
    expect((await s.call(line, undefined, AGENT)).data).toMatchObject({
      echo: { instances: [instance], zone_instances: { sh001: [instance] } },
    })
    expect((await s.call(line)).data).toMatchObject({ echo: { instances: { sh001: [instance] } } })
  })
})

describe('SDKs before 1.1.1: lists joined by commas', () => {
  test('polls and registers', async () => {
    await using s = await setUp()
    const body =
      'addrs=127.0.0.1%3A9000%2Chttp%3A%2F%2F127.0.0.1%3A8000&status=1' +
      '&appid=old&env=prod&hostname=host-5&zone=sh001'
    await s.call('POST /discovery/register', body, FORM)
    expect(contentOf(s.t, 'old', 'host-5').addresses).toEqual([
      '127.0.0.1:9000',
      'http://127.0.0.1:8000',
    ])
    const { data } = await s.call(
      'GET /discovery/polls?appid=infra.discovery%2Cold&env=prod&hostname=c&latest_timestamp=0%2C0',
    )
    expect(Object.keys(data)).toEqual(['infra.discovery', 'old'])
  })
})

function timeOf({ data }: Body, app: string): bigint {
  return (data[app] as { latest_timestamp: bigint }).latest_timestamp
}
