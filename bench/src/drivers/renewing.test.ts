import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Renewals } from './renewing.ts'

/** A node that renews whatever it is asked to, and notes when. */
async function setUp(everyMs: number) {
  const renewals = new Map<string, number[]>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { instances } = JSON.parse(Buffer.concat(chunks).toString()) as {
        instances: { id: string }[]
      }
      const first = instances[0]?.id ?? ''
      renewals.set(first, [...(renewals.get(first) ?? []), systemClock.monotonicMs()])
      const answer = JSON.stringify({ renewed: instances.length, missing: [], superseded: [] })
      response.writeHead(200, { 'content-length': answer.length }).end(answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const workload = { prefix: 's', services: 1, ttlMs: 90_000 }
  const stopping = new AbortController()
  const driver = new Renewals({ url, workload, batch: 2, everyMs })
  const running = driver.run(stopping.signal)
  const dispose = async () => {
    stopping.abort()
    await running
    server.close()
    server.closeAllConnections()
  }
  return { driver, renewals, [Symbol.asyncDispose]: dispose }
}

test('every batch comes round, also those that join late, and none before its time', async () => {
  const everyMs = 100
  await using at = await setUp(everyMs)
  const round = (count: number, times: number) => () =>
    (at.renewals.size === count && [...at.renewals.values()].every((t) => t.length >= times)) ||
    undefined
  const sinceMs = systemClock.monotonicMs()
  at.driver.cover(12)
  await until('the first six batches came', round(6, 1), { withinMs: 10_000 })
  at.driver.cover(25)
  await until('all twelve batches came twice', round(12, 2), { withinMs: 10_000 })
  for (const times of at.renewals.values()) {
    times.forEach((atMs, turn) => {
      expect(atMs).toBeGreaterThanOrEqual(sinceMs + (turn + 1) * everyMs)
    })
  }
  const { renewed, refused, requests } = at.driver.report()
  expect(renewed).toBe(requests * 2)
  expect(refused).toBe(0)
})
