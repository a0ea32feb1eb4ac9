import { request } from 'undici'
import { expect, test } from 'vitest'
import { setUpApp } from '../testing/index.ts'

const VARYING = ['date', 'connection', 'keep-alive']

/** Sends the same request through the socket, where the fast path is, and to the router alone. */
async function setUp() {
  const t = await setUpApp()
  const { url } = await t.listen()
  const register = (service: string, id: string) =>
    t.api(`PUT /services/${encodeURIComponent(service)}/instances/${encodeURIComponent(id)}`, {
      body: { addresses: ['http://127.0.0.1:80'], metadata: { note: 'x'.repeat(600) } },
    })
  const both = async (method: 'GET' | 'POST', path: string, headers: Record<string, string>) => {
    const answer = await request(`${url}${path}`, { method, headers })
    const fast = {
      status: answer.statusCode,
      headers: pick(answer.headers),
      bytes: Buffer.from(await answer.body.arrayBuffer()).toString('latin1'),
    }
    const routed = await t.app.inject({ method, url: path, headers })
    const slow = {
      status: routed.statusCode,
      headers: pick(routed.headers),
      bytes: routed.rawPayload.toString('latin1'),
    }
    return { fast, slow }
  }
  return { ...t, register, both, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

function pick(headers: Readonly<Record<string, unknown>>) {
  const entries = Object.entries(headers).filter(([name]) => !VARYING.includes(name))
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

const BASE = '/registry/v1/services'

test.each([
  ['GET', `${BASE}/web`, {}],
  ['GET', `${BASE}/web`, { 'accept-encoding': 'gzip' }],
  ['GET', `${BASE}/web`, { 'accept-encoding': 'gzip;q=0' }],
  ['GET', `${BASE}/web`, { accept: '*/*' }],
  ['GET', `${BASE}/web`, { accept: 'text/html' }],
  ['GET', `${BASE}/web`, { 'if-none-match': '*' }],
  ['GET', `${BASE}/web?env=default`, {}],
  ['GET', `${BASE}/web?bogus=1`, {}],
  ['GET', `${BASE}/web/`, {}],
  ['GET', `${BASE}/a%2Fb`, {}],
  ['GET', `${BASE}/a..b`, {}],
  ['GET', `${BASE}/nothing`, {}],
  ['GET', `${BASE}/${'x'.repeat(129)}`, {}],
  ['POST', `${BASE}/web/instances/w-1/heartbeat`, {}],
  ['POST', `${BASE}/web/instances/w-1/heartbeat`, { 'content-type': 'application/json' }],
  ['POST', `${BASE}/web/instances/w-1/heartbeat?session=1700000000000`, {}],
  ['POST', `${BASE}/web/instances/w-2/heartbeat`, {}],
  ['POST', `${BASE}/a%2Fb/instances/w-1/heartbeat`, {}],
  ['POST', `${BASE}/web`, {}],
] as const)('%s %s %j is answered alike on both ways', async (method, path, headers) => {
  await using t = await setUp()
  await t.register('web', 'w-1')
  await t.register('web', 'w-1')
  await t.register('a/b', 'w-1')
  const { fast, slow } = await t.both(method, path, headers)
  expect(fast).toEqual(slow)
})

test('a fast renewal moves the deadline, and a fast read sees the latest change', async () => {
  await using t = await setUp()
  await t.register('web', 'w-1')
  t.run(80_000)
  await t.both('POST', `${BASE}/web/instances/w-1/heartbeat`, {})
  t.run(80_000)
  const before = await t.both('GET', `${BASE}/web`, {})
  expect(before.fast.bytes).toContain('"w-1"')
  await t.register('web', 'w-9')
  const after = await t.both('GET', `${BASE}/web`, {})
  expect(after.fast.bytes).toContain('"w-9"')
  expect(after.fast).toEqual(after.slow)
})

test('while the node is not ready the fast path does nothing', async () => {
  await using t = await setUp()
  await t.register('web', 'w-1')
  t.readiness.block('test', 'on purpose')
  const { fast, slow } = await t.both('GET', `${BASE}/web`, {})
  expect(fast.status).toBe(503)
  expect(fast).toEqual(slow)
})

test('the fast path asks for the token too, and what it answers is counted', async () => {
  await using t = await setUpApp({ token: 'secret' })
  const { url } = await t.listen()
  const body = { addresses: ['http://127.0.0.1:80'] }
  const authorization = 'Bearer secret'
  await t.api('PUT /services/web/instances/w-1', { body, headers: { authorization } })
  const refused = await request(`${url}${BASE}/web`)
  expect(refused.statusCode).toBe(401)
  await refused.body.dump()
  const answered = await request(`${url}${BASE}/web`, { headers: { authorization } })
  expect(answered.statusCode).toBe(200)
  await answered.body.dump()
  const text = await t.metrics.text()
  const route = '/registry/v1/services/:service'
  expect(text).toContain(`{method="GET",route="${route}",status="200"} 1`)
})
