/**
 * A node that is asked to stop: it tells everybody, keeps what it knew, and ends in time.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { API_BASE, type Problem, type ServiceView } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import {
  call,
  callJson,
  instanceUrl,
  registration,
  serviceUrl,
  type Answer,
} from './support/http.ts'
import { untilMetric } from './support/metrics.ts'
import { RawSocket } from './support/raw-socket.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { EventStream } from './support/sse.ts'

const ENDS_WITHIN_MS = 10_000

const HALF_A_REGISTRATION =
  `PUT ${API_BASE}/services/shop/instances/b HTTP/1.1\r\nhost: x\r\n` +
  'content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"addresses":'

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
  'at %s a node sends everybody away, keeps its table, and ends with 0',
  async (signal) => {
    await using server = await startServer()
    await callJson(instanceUrl(server.url, 'shop', 'a'), { method: 'PUT', body: registration() })
    const { token } = await callJson<ServiceView>(serviceUrl(server.url, 'shop'))
    await using watch = await EventStream.open(`${server.url}${API_BASE}/watch?service=shop`)
    await watch.snapshot()
    const poll = call(`${serviceUrl(server.url, 'shop')}?after=${token}&wait=60s`)
    await untilMetric(server.url, 'rollcall_long_polls', 1)

    const stopping = server.stop(signal)
    const sentAway = await poll
    expect(sentAway.status).toBe(503)
    expect(sentAway.headers['retry-after']).toBeDefined()
    expect(JSON.parse(sentAway.text) as Problem).toMatchObject({ code: 'shutting_down' })
    expect(await readiness(server)).toMatch(/^(503|refused)$/)

    const end = await stopping
    expect(end).toMatchObject({ code: 0, signal: null })
    expect(end.tookMs).toBeLessThan(ENDS_WITHIN_MS)
    await watch.end()
    expect(watch.events.at(-1)).toMatchObject({
      event: 'bye',
      data: { reason: 'shutting_down' },
    })
    expect(await readiness(server)).toBe('refused')
    expect(existsSync(join(server.data, 'instances.ndjson'))).toBe(true)
  },
)

test('clients that hang do not hold up the end', async () => {
  await using server = await startServer()
  await callJson(instanceUrl(server.url, 'shop', 'a'), { method: 'PUT', body: registration() })
  using slowBody = await RawSocket.open(server.url)
  slowBody.send(HALF_A_REGISTRATION)
  using slowHead = await RawSocket.open(server.url)
  slowHead.send(`GET ${API_BASE}/services HTTP/1.1\r\nhost:`)
  using silent = await RawSocket.open(server.url)
  using deaf = await RawSocket.open(server.url)
  deaf.send(`GET ${API_BASE}/watch?service=shop HTTP/1.1\r\nhost: x\r\n\r\n`)
  await deaf.receives(/event: snapshot/)
  deaf.stopReading()
  await fillWatch(server)

  const end = await server.stop()

  expect(end).toMatchObject({ code: 0, signal: null })
  expect(end.tookMs).toBeLessThan(ENDS_WITHIN_MS)
  for (const socket of [slowBody, slowHead, silent]) await socket.closed(10_000)
})

test('the second SIGINT ends a node at once', async () => {
  await using server = await startServer()
  using slowBody = await RawSocket.open(server.url)
  slowBody.send(HALF_A_REGISTRATION)
  server.child.signal('SIGINT')
  const isStopping = async () => (await readiness(server)) !== '200' || undefined
  await until('the node is stopping', isStopping, { withinMs: 10_000 })

  expect(await server.stop('SIGINT')).toMatchObject({ code: 130, signal: null })
})

/** More than fits into the queues between a node and a watcher that reads nothing. */
async function fillWatch(server: Server): Promise<void> {
  const metadata = { text: 'x'.repeat(4_000) }
  const url = `${server.url}${API_BASE}/services/shop/instances`
  for (let at = 0; at < 30; at += 1) {
    const puts = Array.from({ length: 20 }, (_, of) =>
      callJson(`${url}/${at}-${of}`, { method: 'PUT', body: registration({ metadata }) }),
    )
    await Promise.all(puts)
  }
}

/** What a load balancer would learn now: the status of `/readyz`, or that nobody answers. */
async function readiness(server: Server): Promise<string> {
  let answer: Answer
  try {
    answer = await call(`${server.url}/readyz`)
  } catch (error) {
    // The connection was refused, or the port closed while it was being made.
    if (['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET'].includes(codeOf(error))) return 'refused'
    throw error
  }
  return String(answer.status)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
