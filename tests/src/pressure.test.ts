/**
 * Clients that take and do not give. Nobody else waits for them, each limit answers with its
 * name, and once they have gone nothing is left of them.
 *
 * @module
 */

import { API_BASE, HEADERS, type Problem, type ServiceView } from '@rollcall/protocol'
import { seededRandom } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { describe, expect, test } from 'vitest'
import { Bystander, type Experience } from './support/bystander.ts'
import { registerMany } from './support/burst.ts'
import { complaintsIn } from './support/complaints.ts'
import { Crowd } from './support/crowd.ts'
import { leastFootprint, returnTo, startMeasuredServer } from './support/footprint.ts'
import { call, callJson, instanceUrl, registration, serviceUrl } from './support/http.ts'
import { LazySocket } from './support/lazy-socket.ts'
import { untilMetric } from './support/metrics.ts'
import { RawSocket } from './support/raw-socket.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { EventStream } from './support/sse.ts'
import { answersIn } from './support/wire-answers.ts'

/** Five times what is seen on two busy cores, where several of these tests run at once. */
const SLOWEST_MS = 10_000
const MEDIAN_MS = 1_000
/** Compiled code and caches: what a node has more after its first work of a kind. */
const MORE_MIB = 6
const BACK = { withinMs: 30_000, moreMib: MORE_MIB }
/** A node looks for slow senders every five seconds, and a header may take fifteen. */
const CLOSED_AFTER_HEADER_MS = 60_000
/** A whole request may take thirty. */
const CLOSED_AFTER_BODY_MS = 75_000

/** One answer of the large service, and once more as it goes over the wire; each client's own would be fifty. */
const SHARED_MIB = 80
/** A node gives those under way three seconds, and may have to write down what it knows. */
const STOPPED_WITHIN_MS = 15_000

const TOO_SLOW = /^HTTP\/1\.1 400 [^]*"code":"invalid_argument"[^]*not complete in time/

describe.concurrent('nobody waits for, and nothing is left of', () => {
  test('200 requests that trickle in', async () => {
    await using server = await startMeasuredServer()
    const before = await leastFootprint(server)
    await using bystander = new Bystander(server.url)
    const body = `PUT ${API_BASE}/services/shop/instances/slow HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n`
    using bodies = await Crowd.open(server.url, 200, () => body)
    using headers = await Crowd.open(server.url, 200, () => 'GET / HTTP/1.1\r\nx-slow: ')
    const stopping = new AbortController()
    const trickled = Promise.all([
      bodies.trickle(stopping.signal),
      headers.trickle(stopping.signal),
    ])
    await headers.allClosed(CLOSED_AFTER_HEADER_MS)
    await headers.allReceive(TOO_SLOW, 0)
    await bodies.allClosed(CLOSED_AFTER_BODY_MS)
    await bodies.allReceive(TOO_SLOW, 0)
    stopping.abort()
    await trickled
    expectServed(await bystander.stop())
    await returnTo(before, server, BACK)
    expect(await ended(server)).toEqual([])
  }, 150_000)

  test('10,000 connections that send nothing', async () => {
    await using server = await startMeasuredServer()
    const before = await leastFootprint(server)
    await using bystander = new Bystander(server.url)
    using crowd = await Crowd.open(server.url, 10_000, () => '')
    // Without a word, since nobody has asked for one.
    await crowd.allClosed(CLOSED_AFTER_HEADER_MS)
    expect(new Set(crowd.sockets.map(({ received }) => received))).toEqual(new Set(['']))
    expectServed(await bystander.stop())
    await returnTo(before, server, BACK)
    expect(await ended(server)).toEqual([])
  }, 120_000)

  test('5,000 long polls, answered or gone', async () => {
    await using server = await startMeasuredServer()
    await put(server, 'shop', 'a')
    const before = await leastFootprint(server)
    await using bystander = new Bystander(server.url)
    const poll = `GET ${await pollPath(server, 'shop')} HTTP/1.1\r\nhost: x\r\n\r\n`
    using crowd = await Crowd.open(server.url, 5_000, () => poll)
    await untilMetric(server.url, 'rollcall_long_polls', 5_000)
    await put(server, 'shop', 'b')
    await crowd.allReceive(/^HTTP\/1\.1 200 OK[^]*"id":"b"/, 30_000)
    crowd[Symbol.dispose]()

    const again = `GET ${await pollPath(server, 'shop')} HTTP/1.1\r\nhost: x\r\n\r\n`
    // Also those that wait behind another of their connection.
    using gone = await Crowd.open(server.url, 2_500, () => again + again)
    await untilMetric(server.url, 'rollcall_long_polls', 5_000)
    gone[Symbol.dispose]()
    expectServed(await bystander.stop())
    await returnTo(before, server, BACK)
    expect(await ended(server)).toEqual([])
  }, 120_000)

  test('2,000 connections that send garbage', async () => {
    await using server = await startMeasuredServer()
    const before = await leastFootprint(server)
    await using bystander = new Bystander(server.url)
    const random = seededRandom(20)
    using noise = await Crowd.open(server.url, 500, () => noiseOf(random))
    await noise.allClosed(30_000)
    await noise.allReceive(/^HTTP\/1\.1 400 [^]*"code":"invalid_argument"/, 0)
    using almost = await Crowd.open(server.url, 1_500, () => almostRequest(random))
    // What waits for more bytes is cut off as whatever is slow; here it is enough that all the others were answered.
    const isAnswered = () => almost.sockets.filter(({ received }) => received !== '').length > 750
    await until('most were answered', () => isAnswered() || undefined, { withinMs: 30_000 })
    for (const { received } of almost.sockets) expect(received).not.toMatch(/^HTTP\/1\.1 5/m)
    almost[Symbol.dispose]()
    expectServed(await bystander.stop())
    await returnTo(before, server, BACK)
    expect(await ended(server)).toEqual([])
  }, 120_000)

  test('10,000 registrations at once', async () => {
    await using server = await startMeasuredServer()
    const before = await leastFootprint(server)
    await using bystander = new Bystander(server.url)
    const bodyOf = () => registration({ metadata: { region: 'eu-west-1' } })
    await registerMany(server.url, {
      service: 'shop',
      count: 10_000,
      idOf: (n) => `i-${n}`,
      bodyOf,
    })
    const { instances } = await callJson<ServiceView>(serviceUrl(server.url, 'shop'))
    expect(instances).toHaveLength(10_000)
    expectServed(await bystander.stop())
    // They stay, at some three kilobytes each with the encoded service.
    await returnTo(before, server, { withinMs: 30_000, moreMib: 30 + MORE_MIB })
    expect(await ended(server)).toEqual([])
  }, 120_000)

  test('20 watchers that do not read for 4,000 changes, who then start over', async () => {
    const env = { ROLLCALL_LIMITS_WATCHER_QUEUE_MAX_BYTES: '65536' }
    await using server = await startMeasuredServer({ env })
    const change = async (count: number, version: string) => {
      const bodyOf = () => registration({ version, metadata: { text: 'x'.repeat(3_500) } })
      const burst = { service: 'shop', count, idOf: (n: number) => `i-${n % 100}` }
      await registerMany(server.url, {
        ...burst,
        bodyOf: (n) => ({ ...bodyOf(), weight: n % 997 }),
      })
    }
    await change(1_000, 'first')
    const before = await leastFootprint(server)
    await using bystander = new Bystander(server.url)
    const lazy: LazySocket[] = []
    for (let count = 0; count < 20; count += 1) {
      const socket = await LazySocket.open(server.url)
      socket.send(`GET ${API_BASE}/watch?service=shop HTTP/1.1\r\nhost: x\r\n\r\n`)
      lazy.push(socket)
    }
    await untilMetric(server.url, 'rollcall_watchers', 20)
    await change(4_000, 'last')
    // All that was sent is three times this, for each of them.
    const { memoryMib } = await leastFootprint(server)
    expect(memoryMib - before.memoryMib).toBeLessThan(MORE_MIB)
    expectServed(await bystander.stop())
    for (const socket of lazy) {
      socket.read()
      await socket.receives(/event: resync\ndata: {"reason":"slow"}[^]*event: snapshot/, 30_000)
      await socket.receives(/"id":"i-99"[^}]*"version":"last"[^]*\n\n/, 30_000)
    }
    for (const socket of lazy) socket[Symbol.dispose]()
    await returnTo(before, server, BACK)
    expect(await ended(server)).toEqual([])
  }, 120_000)

  test('clients that ask for large answers and read none', async () => {
    await using server = await startMeasuredServer()
    const bodyOf = () => registration({ metadata: { text: 'x'.repeat(3_500) } })
    // More than the system takes in for a client that does not read.
    await registerMany(server.url, { service: 'shop', count: 4_000, idOf: (n) => `i-${n}`, bodyOf })
    const plain = `GET ${API_BASE}/services/shop HTTP/1.1\r\nhost: x\r\n\r\n`
    const filtered = `GET ${API_BASE}/services/shop?status=up HTTP/1.1\r\nhost: x\r\n\r\n`
    await call(serviceUrl(server.url, 'shop'))
    await call(`${serviceUrl(server.url, 'shop')}?status=up`)
    const before = await leastFootprint(server)
    const clients: LazySocket[] = []
    const ask = async (text: string) => {
      const socket = await LazySocket.open(server.url)
      socket.send(text)
      clients.push(socket)
    }
    await using bystander = new Bystander(server.url)
    for (let count = 0; count < 50; count += 1) await ask([plain, filtered][count % 2] ?? '')
    await ask((plain + filtered).repeat(5_000))
    const { memoryMib } = await leastFootprint(server)
    expect(memoryMib - before.memoryMib).toBeLessThan(SHARED_MIB)
    expectServed(await bystander.stop())
    for (const socket of clients.splice(0)) socket[Symbol.dispose]()
    await returnTo(before, server, { ...BACK, moreMib: SHARED_MIB })

    for (const text of [plain, filtered]) await ask(text)
    const { tookMs } = await server.stop()
    expect(tookMs).toBeLessThan(STOPPED_WITHIN_MS)
    expect(complaintsIn(server.stderr)).toEqual([])
    for (const socket of clients) socket[Symbol.dispose]()
  }, 120_000)
})

describe.concurrent('in one connection', () => {
  test('50 requests sent at once are answered in order, whatever each takes', async () => {
    await using server = await startServer()
    for (const id of ['a', 'b']) await put(server, `shop-${id}`, id)
    const wait = (await pollPath(server, 'shop-a')).replace('60s', '200ms')
    const rounds = Array.from({ length: 10 }, (_, round) => [
      { ask: `GET ${wait}`, status: 304, body: '' },
      { ask: `GET ${API_BASE}/services/shop-a`, status: 200, body: '"id":"a"' },
      { ask: `GET ${API_BASE}/services/none-${round}`, status: 404, body: `none-${round}` },
      { ask: `GET ${API_BASE}/services/shop-b?status=up`, status: 200, body: '"id":"b"' },
      { ask: `POST ${API_BASE}/services/shop-b/instances/b/heartbeat`, status: 204, body: '' },
    ]).flat()
    using socket = await RawSocket.open(server.url)
    socket.send(rounds.map(({ ask }) => `${ask} HTTP/1.1\r\nhost: x\r\n\r\n`).join(''))
    const all = () => {
      const answers = answersIn(socket.received)
      return answers.length === rounds.length ? answers : undefined
    }
    const answers = await until('all were answered', all, { withinMs: 20_000 })
    expect(answers).toEqual(
      rounds.map(({ status, body }) => ({ status, body: expect.stringContaining(body) })),
    )
  })

  test('whoever hangs up its own side first is still answered', async () => {
    await using server = await startServer()
    const body = JSON.stringify(registration())
    const requests = Array.from({ length: 100 }, (_, n) => ({
      text: `PUT ${API_BASE}/services/shop/instances/i-${n} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      status: 201,
    }))
    for (const path of ['services/shop', 'services?limit=10', 'services/shop?status=up']) {
      requests.push({ text: `GET ${API_BASE}/${path} HTTP/1.1\r\nhost: x\r\n\r\n`, status: 200 })
    }
    for (const { text, status } of requests) {
      using socket = await LazySocket.open(server.url)
      socket.read()
      socket.send(text)
      socket.finish()
      await socket.ends(10_000)
      expect(answersIn(socket.received)).toMatchObject([{ status }])
    }
    await untilMetric(server.url, 'rollcall_instances', 101)
  })
})

describe.concurrent('a limit', () => {
  test('of watchers is told by its name, and lets others in once somebody leaves', async () => {
    await using server = await startServer({ env: { ROLLCALL_LIMITS_WATCHERS_MAX: '10' } })
    await put(server, 'shop', 'a')
    const watchUrl = `${server.url}${API_BASE}/watch?service=shop`
    const poll = await pollPath(server, 'shop')
    using polls = await Crowd.open(server.url, 9, () => `GET ${poll} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await untilMetric(server.url, 'rollcall_long_polls', 9)
    await using watch = await EventStream.open(watchUrl)
    await watch.snapshot()
    for (const url of [watchUrl, `${server.url}${poll}`]) {
      const { status, headers, text } = await call(url)
      expect([status, JSON.parse(text) as Problem]).toMatchObject([
        429,
        { code: 'too_many_watchers', details: { limit: 10 } },
      ])
      expect(headers['retry-after']).toMatch(/^\d+$/)
    }
    await put(server, 'other', 'a')
    polls.sockets[0]?.[Symbol.dispose]()
    await untilMetric(server.url, 'rollcall_long_polls', 8)
    await using late = await EventStream.open(watchUrl)
    await late.snapshot()
  })

  test('of connections closes who comes too late, and lets others in once somebody leaves', async () => {
    await using server = await startServer({ env: { ROLLCALL_LIMITS_CONNECTIONS_MAX: '20' } })
    using inside = await Crowd.open(server.url, 20, () => '')
    using outside = await Crowd.open(server.url, 20, () => 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await outside.allClosed(10_000)
    expect(outside.sockets.map(({ received }) => received)).toEqual(Array(20).fill(''))
    for (const socket of inside.sockets) {
      socket.send(`GET ${API_BASE}/services HTTP/1.1\r\nhost: x\r\n\r\n`)
    }
    await inside.allReceive(/^HTTP\/1\.1 200 /, 10_000)
    inside.sockets[0]?.[Symbol.dispose]()
    const isLetIn = async () => (await call(`${server.url}/readyz`)).status === 200 || undefined
    await until('there is room again', isLetIn, { withinMs: 10_000 })
  })
})

function expectServed({ answers, medianMs, slowestMs }: Experience): void {
  expect(answers).toBeGreaterThan(0)
  expect(medianMs).toBeLessThan(MEDIAN_MS)
  expect(slowestMs).toBeLessThan(SLOWEST_MS)
}

/** Stops the node, and answers what it had to complain about. */
async function ended(server: Server): Promise<readonly string[]> {
  expect(await server.stop()).toMatchObject({ code: 0 })
  return complaintsIn(server.stderr)
}

async function put(server: Server, service: string, id: string): Promise<void> {
  await call(instanceUrl(server.url, service, id), { method: 'PUT', body: registration() })
}

/** Where to wait for the next change of a service. */
async function pollPath(server: Server, service: string): Promise<string> {
  const { headers } = await call(serviceUrl(server.url, service))
  const token = headers[HEADERS.token.toLowerCase()]
  return `${API_BASE}/services/${service}?after=${encodeURIComponent(String(token))}&wait=60s`
}

/** Bytes that no request begins with. */
function noiseOf(random: () => number): Uint8Array {
  return Uint8Array.from(
    { length: 1 + Math.floor(random() * 2_000) },
    () => 128 + Math.floor(random() * 128),
  )
}

/** A request in which a few bytes are others. */
function almostRequest(random: () => number): Uint8Array {
  const body = JSON.stringify(registration())
  const bytes = Buffer.from(
    `PUT ${API_BASE}/services/shop/instances/odd HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
  for (let changes = 0; changes < 3; changes += 1) {
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
  }
  return bytes
}
