/**
 * The catalog works hard, and the instances on the same node do not have to wait for it.
 *
 * @module
 */

import { API_BASE, LIMITS } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Agent, request } from 'undici'
import { base64, CatalogClient, done } from './support/catalog-client.ts'
import { call } from './support/http.ts'
import { metric } from './support/metrics.ts'
import { Pulse, type Felt } from './support/pulse.ts'
import { startCli } from './support/run-cli.ts'
import { startServer } from './support/spawn-server.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const KEYS = 100_000
const DELETED = LIMITS.kvPrefixDeleteMax
const SNAPSHOTS = 4
const LAST_PAGE = '"more":false'
/** Five times what is felt on a quiet machine. */
const SLOWEST_MS = 5 * 100
/** On a busy machine everybody waits; who has work waits longer than the idle node beside. */
const NOISE_FACTOR = 3

test(`heartbeats and health are not late while ${KEYS} keys are read, deleted and loaded`, async () => {
  await using folder = await temporaryFolder()
  const data = folder.path
  await using idle = await startServer()
  await using idlePulse = new Pulse(idle.url)
  const felt: Record<string, Felt> = {}
  let lease = 0
  let address = ''
  {
    await using server = await startServer({ data })
    address = server.http
    await using client = new CatalogClient(server.url)
    await using pulse = new Pulse(server.url)
    felt['put in large steps'] = await pulse.during(() => putAll(client))
    felt['deleted below a prefix'] = await pulse.during(async () => {
      const { answer } = done(await client.deletePrefix('some/'))
      expect(answer).toEqual({ deleted: DELETED })
    })
    felt['told to watchers'] = await pulse.during(() => {
      return Promise.all(Array.from({ length: SNAPSHOTS }, () => readSnapshot(server.url)))
    })
    lease = done(await client.grant(LIMITS.leaseTtlMinMs, 'kept through it')).answer.id
    await server.kill9()
  }
  await using _child = startCli(['server', '--http', address, '--data', data])
  const url = `http://${address}`
  // Long before it prints where it listens: that is when it is ready.
  const answers = async () => (await call(`${url}/healthz`)).status === 200 || undefined
  await until('it answers', answers, { withinMs: 30_000, everyMs: 5 })
  await using pulse = new Pulse(url, 'starting')
  felt['loaded after a kill'] = await pulse.during(() =>
    Promise.all([loaded(url), keptAlive(url, lease)]),
  )

  const noiseMs = (await idlePulse.felt()).slowestMs
  const late = Object.entries(felt).filter(
    ([, { slowestMs }]) => slowestMs > SLOWEST_MS + NOISE_FACTOR * noiseMs,
  )
  expect({ noiseMs, late }).toEqual({ noiseMs, late: [] })
}, 120_000)

/** 100,000 keys, and those that are deleted again. */
async function putAll(client: CatalogClient): Promise<void> {
  const keys = [
    ...Array.from({ length: KEYS }, (_, at) => `all/of/them/${at}`),
    ...Array.from({ length: DELETED }, (_, at) => `some/${at}`),
  ]
  for (let from = 0; from < keys.length; from += LIMITS.txnOperationsMax) {
    const some = keys.slice(from, from + LIMITS.txnOperationsMax)
    const valueBase64 = base64('v'.repeat(100))
    done(await client.txn({ then: some.map((key) => ({ put: { key, valueBase64 } })) }))
  }
}

/** Watches every key until all are told, without a look at them. */
async function readSnapshot(url: string): Promise<void> {
  const agent = new Agent()
  const { body } = await request(`${url}${API_BASE}/watch?kv=all/`, { dispatcher: agent })
  try {
    let end: Buffer = Buffer.alloc(0)
    for await (const chunk of body as AsyncIterable<Buffer>) {
      // What is looked for may come in two pieces.
      if (Buffer.concat([end, chunk]).includes(LAST_PAGE)) return
      end = chunk.subarray(-LAST_PAGE.length)
    }
    throw new Error('The watch ended before all was told.')
  } finally {
    await agent.destroy()
  }
}

/** Keeps a lease alive as its client does, who is sent away as long as the node is not ready. */
async function keptAlive(url: string, lease: number): Promise<void> {
  const path = `${url}${API_BASE}/leases/${lease}/keepalive`
  const answered = async () => {
    const { status, text } = await call(path, { method: 'POST' })
    return status === 503 ? undefined : { status, text }
  }
  const answer = await until('the lease is renewed', answered, { withinMs: 30_000, everyMs: 100 })
  expect(answer).toMatchObject({ status: 200 })
}

/** Waits until the node shows the keys again. */
async function loaded(url: string): Promise<void> {
  const last = `${url}${API_BASE}/kv/all/of/them/${KEYS - 1}`
  const isThere = async () => (await call(last)).status === 200 || undefined
  await until('the keys are loaded', isThere, { withinMs: 30_000 })
  expect((await call(`${url}/readyz`)).status).toBe(200)
  expect(await metric(url, 'rollcall_catalog_keys')).toBe(KEYS)
}
