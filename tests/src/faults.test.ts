/**
 * Nodes that stand still or die, and clients that talk nonsense.
 *
 * @module
 */

import { Registrar, RollcallClient } from '@rollcall/client'
import { API_BASE, type Explanation, type ServiceView } from '@rollcall/protocol'
import { seededRandom, start, systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { complaintsIn } from './support/complaints.ts'
import { call, callJson, instanceUrl, registration, serviceUrl, TTL_MS } from './support/http.ts'
import { stateOf } from './support/processes.ts'
import { openAll } from './support/raw-socket.ts'
import { runCli } from './support/run-cli.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { EventStream } from './support/sse.ts'

/** A dead instance is gone so long after its ttl at the latest. */
const GONE_AFTER_TTL_MS = 2_000

/** What a busy machine may add to that. */
const NOISE_MS = 4_000

/** A node looks at the time four times a second, and cannot tell a stall from that wait. */
const TICKS_MS = 500

test.concurrent.each([3_000, 7_000])(
  'a node that stood still for %i ms evicts nobody for that, and later who stays silent',
  async (stillMs) => {
    await using server = await startServer()
    await using client = new RollcallClient({ servers: [server.url] })
    const registrar = new Registrar({ client })
    await using _ = start(registrar)
    registrar.put({ service: 'shop', id: 'renewing', body: registration({ ttlMs: TTL_MS }) })
    await registrar.settled()
    await using watch = await EventStream.open(`${server.url}${API_BASE}/watch?service=shop`)
    await watch.snapshot()
    const registeredAtMs = systemClock.monotonicMs()
    const body = registration({ ttlMs: TTL_MS })
    await callJson(instanceUrl(server.url, 'shop', 'silent'), { method: 'PUT', body })

    const { stoodMs, awakeAtMs } = await standStill(server, stillMs)
    expect(await idsOf(server)).toEqual(['renewing', 'silent'])

    const { atMs } = await watch.removal('silent', 5 * (TTL_MS + GONE_AFTER_TTL_MS))
    expect(atMs - registeredAtMs - stoodMs).toBeGreaterThan(TTL_MS - TICKS_MS)
    expect(atMs - awakeAtMs).toBeLessThan(TTL_MS + GONE_AFTER_TTL_MS + NOISE_MS)
    expect(watch.removed.map(({ id }) => id)).toEqual(['silent'])
    expect(await idsOf(server)).toEqual(['renewing'])
  },
  120_000,
)

test('garbage and half requests on the port disturb nobody else', async () => {
  await using server = await startServer()
  await using watch = await EventStream.open(`${server.url}${API_BASE}/watch?service=shop`)
  await watch.snapshot()
  using garbage = await openAll(server.url, GARBAGE)
  using halves = await openAll(server.url, HALVES)

  for (const id of ['a', 'b', 'c']) {
    const url = instanceUrl(server.url, 'shop', id)
    await callJson(url, { method: 'PUT', body: registration() })
    await watch.next(`that ${id} came`, ({ event, data }) => {
      return event === 'change' && JSON.stringify(data).includes(`"id":"${id}"`)
    })
  }
  for (const { socket, bytes } of garbage.sent) {
    await socket.closed(15_000)
    expect([bytes, socket.received]).toEqual([bytes, expect.stringMatching(/^HTTP\/1\.1 4\d\d /)])
  }
  for (const { socket, bytes } of halves.sent) {
    expect([bytes, socket.received]).toEqual([bytes, ''])
  }
  expect(await idsOf(server)).toEqual(['a', 'b', 'c'])
  expect(await server.stop()).toMatchObject({ code: 0 })
  expect(complaintsIn(server.stderr)).toEqual([])
})

test('a port that is taken ends the start with a sentence', async () => {
  await using server = await startServer()
  const args = ['server', '--http', server.http, '--data', `${server.data}/other`]
  const byRegistry = await runCli(args)
  expect(byRegistry).toMatchObject({ code: 1, stdout: '' })
  expect(byRegistry.stderr).toContain(`Cannot listen on ${server.http}`)
  expect(byRegistry.stderr).toContain('--http')
  expect((await call(`${server.url}/readyz`)).status).toBe(200)
})

test('a client keeps its instance registered through the death of its server', async () => {
  await using first = await startServer()
  const { http, data, url } = first
  await using client = new RollcallClient({ servers: [url] })
  const registrar = new Registrar({ client })
  await using _ = start(registrar)
  registrar.put({ service: 'shop', id: 'a', body: registration({ ttlMs: TTL_MS }) })
  await registrar.settled()
  const watching = new AbortController()
  const seen: string[] = []
  const watched = (async () => {
    for await (const event of client.watch({ services: ['shop'], signal: watching.signal })) {
      seen.push(event.kind)
    }
  })()

  await until('the watch has begun', () => seen[0], { withinMs: 15_000 })

  await first.kill9()
  await using second = await startServer({ data, http })
  const isBack = async () => {
    const { status, text } = await call(serviceUrl(second.url, 'shop'))
    return (status === 200 && text.includes('"id":"a"')) || undefined
  }
  await until('the instance is registered again', isBack, { withinMs: 5 * TTL_MS })
  expect(await explain(second, 'a')).toMatchObject({ verdict: 'visible' })
  await until('the watch goes on', () => seen.includes('resync') || undefined, {
    withinMs: 5 * 15_000,
  })
  watching.abort()
  await watched
}, 120_000)

/** Complete nonsense, each piece of another kind; the last two come from a seed. */
const GARBAGE: readonly Uint8Array[] = [
  'hello\r\n\r\n',
  'GET\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(80_000)}\r\n\r\n`,
  'PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
  'PUT / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
]
  .map((text): Uint8Array => Buffer.from(text, 'latin1'))
  .concat(randomBytes(1), randomBytes(2))

/** The beginnings of requests whose rest never comes. */
const HALVES: readonly Uint8Array[] = [
  '',
  'G',
  'GET /registry/v1/services HTTP/1.1\r\nhost:',
  'PUT /registry/v1/services/shop/instances/x HTTP/1.1\r\nhost: x\r\n' +
    'content-type: application/json\r\ncontent-length: 99\r\n\r\n{"addresses":',
].map((text) => Buffer.from(text))

function randomBytes(seed: number): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length: 2_000 }, () => 128 + Math.floor(random() * 128))
}

/** Takes the node off the processor for a while. The time is the fault; nothing waits for it. */
async function standStill({ pid, child }: Server, forMs: number) {
  child.signal('SIGSTOP')
  await until('the node stands still', () => stateOf(pid) === 'T' || undefined, {
    withinMs: 5_000,
    everyMs: 1,
  })
  const fromMs = systemClock.monotonicMs()
  await systemClock.sleep(forMs, new AbortController().signal)
  const awakeAtMs = systemClock.monotonicMs()
  child.signal('SIGCONT')
  return { awakeAtMs, stoodMs: awakeAtMs - fromMs }
}

async function idsOf(server: Server): Promise<readonly string[]> {
  const { instances } = await callJson<ServiceView>(serviceUrl(server.url, 'shop'))
  return instances.map(({ id }) => id).sort()
}

function explain(server: Server, id: string): Promise<Explanation> {
  return callJson<Explanation>(`${server.url}${API_BASE}/explain?service=shop&id=${id}`)
}
