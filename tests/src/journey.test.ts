/**
 * What a user does on the first day, over plain HTTP and by the command.
 *
 * @module
 */

import { API_BASE, type Explanation, type Instance, type Problem } from '@rollcall/protocol'
import type { ServiceList, ServiceView } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { call, callJson, instanceUrl, registration, serviceUrl, TTL_MS } from './support/http.ts'
import { runCli, runCliJson, startCli } from './support/run-cli.ts'
import { startServer } from './support/spawn-server.ts'
import { EventStream } from './support/sse.ts'

/** Five times the latest moment at which a dead instance is gone. */
const GONE_WITHIN_MS = 5 * (TTL_MS + 2_000)

test('an instance is registered, renewed, waited for, watched and cancelled over HTTP', async () => {
  await using server = await startServer()
  const till = instanceUrl(server.url, 'shop', 'till-1')
  const shop = serviceUrl(server.url, 'shop')

  const created = await call(till, { method: 'PUT', body: registration() })
  expect(created.status).toBe(201)
  expect(created.headers['x-rollcall-node']).toBeTypeOf('string')
  const { env, zone, home } = JSON.parse(created.text) as Instance
  expect(home).toBe(created.headers['x-rollcall-node'])

  const renewed = await call(`${till}/heartbeat`, { method: 'POST' })
  expect(renewed.status).toBe(204)
  expect(renewed.headers['x-rollcall-home']).toBe(home)

  const { token } = await callJson<ServiceView>(shop)
  const quiet = await call(`${shop}?after=${token}&wait=50ms`)
  expect(quiet.status).toBe(304)
  expect(quiet.headers['etag']).toBeDefined()
  expect(quiet.headers['x-rollcall-token']).toBeDefined()

  const poll = callJson<ServiceView>(`${shop}?after=${token}&wait=30s`, { waitMs: 30_000 })
  await using watch = await EventStream.open(`${server.url}${API_BASE}/watch?service=shop`)
  expect(await watch.snapshot()).toMatchObject({ known: true, instances: [{ id: 'till-1' }] })
  expect(watch.retryMs).toBe(1_000)

  const known = await call(till, { method: 'PUT', body: registration({ weight: 7 }) })
  expect(known.status).toBe(200)
  expect((await poll).instances).toMatchObject([{ id: 'till-1', env, zone, weight: 7 }])
  const change = await watch.next('the change', ({ event }) => event === 'change')
  expect(change.data).toMatchObject({ upserted: [{ id: 'till-1', weight: 7 }], removed: [] })

  expect((await call(till, { method: 'DELETE' })).status).toBe(204)
  expect(await watch.removal('till-1')).toMatchObject({ zone, reason: 'cancelled' })
  const gone = await call(till)
  expect(gone.status).toBe(404)
  expect(JSON.parse(gone.text) as Problem).toMatchObject({ code: 'instance_not_found' })
  expect((await callJson<ServiceView>(shop)).instances).toEqual([])
})

test('whoever waits for a service that nobody knows is told as soon as it appears', async () => {
  await using server = await startServer()
  const soon = serviceUrl(server.url, 'soon')
  const unknown = await call(soon)
  expect(unknown.status).toBe(404)
  const problem = JSON.parse(unknown.text) as Problem
  expect(problem).toMatchObject({ code: 'service_not_found', details: { elsewhere: [] } })

  const after = problem.details['token'] as string
  const poll = callJson<ServiceView>(`${soon}?after=${after}&wait=30s`, { waitMs: 30_000 })
  await using watch = await EventStream.open(`${server.url}${API_BASE}/watch?service=soon`)
  expect(await watch.snapshot()).toMatchObject({ known: false, instances: [] })
  await callJson(instanceUrl(server.url, 'soon', 'a'), { method: 'PUT', body: registration() })

  expect((await poll).instances).toMatchObject([{ id: 'a' }])
  await watch.next('the change', ({ event }) => event === 'change')
})

test('the command registers, renews past the ttl, watches, and cancels when interrupted', async () => {
  await using server = await startServer()
  const env = { ROLLCALL_SERVER: server.url }
  await using watch = startCli(['watch', 'shop', '--json'], env)
  await watch.line('a snapshot', (line) => line.includes('"snapshot"') || undefined)
  const register = (id: string, ...more: string[]) =>
    startCli(
      ['register', 'shop', id, '--ttl', '9s', '--address', 'http://127.0.0.1:8080', ...more],
      env,
    )
  await using till = register('till-1')
  await using doomed = register('till-2', '--json')
  await till.line('its sentence', (line) => /^Registered shop till-1 in /.exec(line)?.[0])
  await doomed.line('the instance', (line) =>
    (JSON.parse(line) as Instance).id === 'till-2' ? true : undefined,
  )
  await expectEverythingShown(env)
  await doomed.kill9()

  const url = instanceUrl(server.url, 'shop', 'till-1')
  await until(
    'till-1 has been renewed past its ttl',
    async () => {
      const { registeredAt, lastRenewedAt = 0 } = await callJson<Instance>(url)
      return lastRenewedAt - registeredAt > TTL_MS || undefined
    },
    { withinMs: 5 * 1.5 * TTL_MS },
  )
  const removal = (id: string, reason: string) => (line: string) =>
    removals(line).some((one) => one.id === id && one.reason === reason) || undefined
  await watch.line('till-2 evicted', removal('till-2', 'evicted'), GONE_WITHIN_MS)
  await expectEviction(env)

  expect((await till.stop('SIGINT')).code).toBe(0)
  await watch.line('till-1 cancelled', removal('till-1', 'cancelled'))
  expect((await watch.stop('SIGINT')).code).toBe(0)
  expect(watch.stderr).toEqual([])
}, 150_000)

test('the exit code tells done, failed, wrong usage and not found apart', async () => {
  await using server = await startServer()
  const env = { ROLLCALL_SERVER: server.url }
  const ends = async (code: number, sentence: RegExp, ...args: string[]) => {
    const result = await runCli(args, env)
    const { stderr } = result
    expect({ args, stderr, code: result.code }).toEqual({ args, stderr, code })
    expect(result.stderr).toMatch(sentence)
  }
  await ends(0, /^$/, '--version')
  await ends(2, /shopp/, 'shopp')
  await ends(2, /--ttl must be a duration/, 'register', 'shop', 'a', '--ttl', 'long')
  await ends(2, /ttlMs/, 'register', 'shop', 'a', '--ttl', '1s')
  await ends(3, /"shop"/, 'instances', 'shop')
  await ends(3, /"nobody"/, 'cancel', 'shop', 'nobody')
  await ends(1, /tried http:\/\/127\.0\.0\.1:1 /, 'services', '--server', 'http://127.0.0.1:1')

  const failed = await runCli(['services', '--json', '--server', 'http://127.0.0.1:1'], env)
  expect(failed.code).toBe(1)
  expect(JSON.parse(failed.stderr)).toMatchObject({
    code: 'unavailable',
    detail: expect.stringMatching(/http:\/\/127\.0\.0\.1:1 .*\.$/) as unknown,
  })
})

test('the configuration shows where each value comes from, and no token', async () => {
  const env = { ROLLCALL_ZONE: 'attic' }
  const args = ['config', 'print', '--http', '127.0.0.1:7171', '--token', 'hush-hush']
  const [text, json] = await Promise.all([runCli(args, env), runCli([...args, '--json'], env)])

  expect(text.code).toBe(0)
  expect(text.stdout).toMatch(/^http: "127\.0\.0\.1:7171" # flag$/m)
  expect(text.stdout).toMatch(/^zone: "attic" # env$/m)
  expect(text.stdout).toMatch(/^env: "default" # default$/m)
  expect(text.stdout).toContain('****')
  expect(json.code).toBe(0)
  expect(JSON.parse(json.stdout)).toBeInstanceOf(Array)
  for (const said of [text.stdout, text.stderr, json.stdout, json.stderr]) {
    expect(said).not.toContain('hush-hush')
  }
})

/** While `till-1` and `till-2` are registered. */
async function expectEverythingShown(env: Record<string, string>): Promise<void> {
  const { services } = await runCliJson<ServiceList>(['services'], env)
  expect(services).toContainEqual(
    expect.objectContaining({ service: 'shop', instanceCount: 2, upCount: 2 }),
  )
  expect((await runCli(['services'], env)).stdout).toMatch(/^shop +default +2 +2 /m)

  const { instances } = await runCliJson<ServiceView>(['instances', 'shop'], env)
  expect(instances.map(({ id }) => id).sort()).toEqual(['till-1', 'till-2'])
  const table = await runCli(['instances', 'shop'], env)
  expect(table).toMatchObject({ code: 0, stderr: '' })
  expect(table.stdout).toMatch(/^ID +ENV +ZONE +STATUS/)
  expect(table.stdout).toMatch(/^till-1 +default +\S+ +up +http:\/\/127\.0\.0\.1:8080 /m)

  const visible = await runCliJson<Explanation>(['explain', 'shop', 'till-1'], env)
  expect(visible).toMatchObject({ verdict: 'visible', instance: { id: 'till-1' } })
  const elsewhere = ['explain', 'shop', 'till-1', '--env', 'staging']
  expect(await runCliJson<Explanation>(elsewhere, env)).toMatchObject({
    verdict: 'other_env',
    elsewhere: [{ env: 'default', id: 'till-1' }],
  })
  expect((await runCli(elsewhere, env)).stdout).toMatch(/^other_env: .*"default"/)
}

async function expectEviction(env: Record<string, string>): Promise<void> {
  const evicted = await runCliJson<Explanation>(['explain', 'shop', 'till-2'], env)
  expect(evicted.verdict).toBe('evicted')
  expect(evicted.history.map(({ event }) => event)).toEqual(['registered', 'evicted'])
  const { code, stdout } = await runCli(['explain', 'shop', 'till-2'], env)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^evicted: .*had not renewed for its ttl of 9000 ms/)
}

function removals(line: string): readonly { id: string; reason: string }[] {
  const { kind, data } = JSON.parse(line) as {
    kind: string
    data: { removed?: { id: string; reason: string }[] }
  }
  return kind === 'change' ? (data.removed ?? []) : []
}
