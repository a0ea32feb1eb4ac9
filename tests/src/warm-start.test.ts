/**
 * What a node still knows after it was stopped, killed, or left with a damaged file.
 *
 * @module
 */

import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Registrar, RollcallClient } from '@rollcall/client'
import { API_BASE, type Explanation, type Instance, type ServiceView } from '@rollcall/protocol'
import type { ServiceList } from '@rollcall/protocol'
import { start, systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { call, callJson, instanceUrl, registration, serviceUrl, TTL_MS } from './support/http.ts'
import { runCli } from './support/run-cli.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { EventStream } from './support/sse.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const FILE = 'instances.ndjson'

test('after a restart a node shows what it knew, for a full ttl or as long as it is renewed', async () => {
  await using folder = await temporaryFolder()
  const data = folder.path
  const before = await withServer(data, async (server) => {
    await register(server, 'kept', { ttlMs: TTL_MS, metadata: { rack: 'r1' }, tags: ['blue'] })
    await register(server, 'silent', { ttlMs: TTL_MS })
    await register(server, 'patient', { ttlMs: 20 * TTL_MS })
    await register(server, 'gone')
    expect((await call(urlOf(server, 'gone'), { method: 'DELETE' })).status).toBe(204)
    return instancesOf(server)
  })

  const startedAtMs = systemClock.monotonicMs()
  await using server = await startServer({ data })
  const after = await instancesOf(server)
  expect(after.map(contentOf)).toEqual(before.map(contentOf))
  expect(after.map(({ id }) => id)).toEqual(['kept', 'patient', 'silent'])

  await using watch = await EventStream.open(`${server.url}${API_BASE}/watch?service=shop`)
  expect((await call(`${urlOf(server, 'kept')}/heartbeat`, { method: 'POST' })).status).toBe(204)
  const keeping = new AbortController()
  const kept = renewUntil(server, 'kept', keeping.signal)
  const { reason, atMs } = await watch.removal('silent', 5 * TTL_MS)
  expect(reason).toBe('hidden')
  expect(atMs - startedAtMs).toBeGreaterThan(TTL_MS)
  expect(await explain(server, 'silent')).toMatchObject({ verdict: 'hidden' })
  expect(await explain(server, 'kept')).toMatchObject({ verdict: 'visible' })
  expect(await explain(server, 'patient')).toMatchObject({ verdict: 'visible' })
  keeping.abort()
  await kept

  const back = await call(`${urlOf(server, 'silent')}/heartbeat`, { method: 'POST' })
  expect(back.status).toBe(204)
  expect(await explain(server, 'silent')).toMatchObject({ verdict: 'visible' })
}, 120_000)

test('a client that renews does not notice a restart', async () => {
  await using folder = await temporaryFolder()
  const data = folder.path
  await using first = await startServer({ data })
  const { http } = first
  await using client = new RollcallClient({ servers: [first.url] })
  const registered: string[] = []
  const registrar = new Registrar({
    client,
    onRegistered: ({ id }) => {
      registered.push(id)
    },
  })
  await using _ = start(registrar)
  registrar.put({ service: 'shop', id: 'a', body: registration({ ttlMs: TTL_MS }) })
  await registrar.settled()
  const [before] = await instancesOf(first)
  expect((await first.stop()).code).toBe(0)

  await using second = await startServer({ data, http })
  const hasRenewed = async () => {
    const { history } = await explain(second, 'a')
    return history.some(({ event }) => event === 'claimed') || undefined
  }
  await until('the new process is its home', hasRenewed, { withinMs: 5 * TTL_MS })
  expect((await instancesOf(second)).map(contentOf)).toEqual([before].flatMap(contentsOf))
  expect(registered).toEqual(['a'])
})

test.each([
  ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 40)],
  ['with one flipped bit', flipped],
  ['empty', () => Buffer.alloc(0)],
])('a file %s is set aside with a warning, and the node starts empty', async (_, damage) => {
  await using folder = await temporaryFolder()
  const data = folder.path
  await withServer(data, (server) => register(server, 'a'))
  const damaged = damage(await readFile(join(data, FILE)))
  await writeFile(join(data, FILE), damaged)

  await withServer(data, async (server) => {
    expect(await servicesOf(server)).toEqual(['infra.discovery'])
    const warned = server.stderr.filter((line) => line.includes('"level":"warn"'))
    expect(warned.join('\n')).toContain('set aside')
    const aside = (await readdir(data)).filter((name) => name.startsWith(`${FILE}.damaged-`))
    expect(aside).toHaveLength(1)
    expect(await readFile(join(data, aside[0] ?? ''))).toEqual(damaged)
    await register(server, 'b')
  })

  await withServer(data, async (server) => {
    expect((await instancesOf(server)).map(({ id }) => id)).toEqual(['b'])
  })
})

test('a data folder belongs to one server, until that is stopped or killed', async () => {
  await using first = await startServer()
  const { data } = first
  const second = ['server', '--http', '127.0.0.1:0', '--data', data]
  const refused = await runCli(second)
  expect(refused.code).toBe(1)
  expect(refused.stdout).toBe('')
  expect(refused.stderr).toContain(`process ${first.pid}`)
  expect(refused.stderr).toContain(data)
  expect(refused.stderr).toContain('--data')
  expect((await call(`${first.url}/readyz`)).status).toBe(200)

  await first.kill9()
  await withServer(data, (server) => register(server, 'a'))
  await using third = await startServer({ data })
  expect((await instancesOf(third)).map(({ id }) => id)).toEqual(['a'])
})

/** Runs a server on a data folder, and stops it as an operator would. */
async function withServer<T>(data: string, use: (server: Server) => Promise<T>): Promise<T> {
  await using server = await startServer({ data })
  const result = await use(server)
  expect((await server.stop()).code).toBe(0)
  return result
}

function urlOf(server: Server, id: string): string {
  return instanceUrl(server.url, 'shop', id)
}

async function register(
  server: Server,
  id: string,
  more: Parameters<typeof registration>[0] = {},
): Promise<void> {
  await callJson(urlOf(server, id), { method: 'PUT', body: registration(more) })
}

async function instancesOf(server: Server): Promise<readonly Instance[]> {
  const { instances } = await callJson<ServiceView>(serviceUrl(server.url, 'shop'))
  return instances.toSorted((left, right) => (left.id < right.id ? -1 : 1))
}

/** All but what each process counts for itself. */
function contentOf(instance: Instance): Partial<Instance> {
  const content: Partial<Instance> = { ...instance }
  delete content.revision
  delete content.home
  delete content.lastRenewedAt
  return content
}

function contentsOf(instance: Instance | undefined): Partial<Instance>[] {
  return instance ? [contentOf(instance)] : []
}

async function servicesOf(server: Server): Promise<readonly string[]> {
  const { services } = await callJson<ServiceList>(`${server.url}${API_BASE}/services`)
  return services.map(({ service }) => service)
}

function explain(server: Server, id: string): Promise<Explanation> {
  return callJson<Explanation>(`${server.url}${API_BASE}/explain?service=shop&id=${id}`)
}

/** Renews as a client does: at a third of the ttl. */
async function renewUntil(server: Server, id: string, signal: AbortSignal): Promise<void> {
  while (await systemClock.sleep(TTL_MS / 3, signal)) {
    await call(`${urlOf(server, id)}/heartbeat`, { method: 'POST' })
  }
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const middle = Math.floor(copy.length / 2)
  copy.writeUInt8(copy.readUInt8(middle) ^ 1, middle)
  return copy
}
