/**
 * raftd's session as its README shows it, against a real node that is killed in the middle.
 *
 * @module
 */

import { seededRandom, systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { curl, type CurlAnswer } from './support/curl.ts'
import { RaftdService } from './support/raftd-service.ts'
import { startServer, type Server } from './support/spawn-server.ts'

/** A node is back within a second on a quiet machine, and has to be before leases end. */
const TTL_SECONDS = 5
const TTL_MS = TTL_SECONDS * 1_000
/** A key is gone half a second after its time on a quiet machine. */
const GONE_WITHIN_MS = 5 * 500
const LOOK_EVERY_MS = 50

test.concurrent(
  'a picture comes back byte for byte, also after a kill',
  async () => {
    await using first = await startServer()
    const { http, data } = first
    const key = `${first.url}/key/node01/pic.png`
    const picture = pictureOf(200_000)
    expect(await curl(key, { method: 'PUT', bytes: picture })).toMatchObject({
      status: 200,
      text: '',
    })
    for (const level of ['', '?level=default', '?level=stale', '?level=consistent', '?level=x']) {
      const { status, bytes } = await curl(`${key}${level}`)
      expect([level, status, bytes.equals(picture)]).toEqual([level, 200, true])
    }
    await first.kill9()

    await using second = await startServer({ data, http })
    const { status, bytes } = await curl(key)
    expect([status, bytes.equals(picture)]).toEqual([200, true])
    const native = await curl(`${second.url}/registry/v1/kv/node01/pic.png`)
    expect(native.bytes.equals(picture)).toBe(true)
    for (let time = 0; time < 2; time += 1) {
      expect(await curl(key, { method: 'DELETE' })).toMatchObject({ status: 200, text: '' })
    }
    expect(await curl(key)).toMatchObject({ status: 404, text: '' })
  },
  60_000,
)

test.concurrent(
  'two services keep their keys alive through a kill, and one that stops is gone',
  async () => {
    await using first = await startServer()
    const { http, data, url } = first
    await using one = await serviceAt(url, { name: '/esq/node-1', key: 'nodeinfo' })
    await using two = await serviceAt(url, { name: '/esq/node-2', key: 'nodeinfo1' })
    expect(one.id).toMatch(/^[1-9]\d*$/)
    expect(Number.isSafeInteger(Number(one.id))).toBe(true)
    await keptAlive([one, two], 1)
    expect(await found(url, 'nodeinfo')).toBe(`[${dataOf('/esq/node-1')}]`)
    expect(await found(url, 'nodeinfo1')).toBe(`[${dataOf('/esq/node-2')}]`)
    expect(await found(url, 'nodeinfo', '/esq/node-2')).toBe('[]')
    await using witness = new Witness(url, 'nodeinfo')

    await first.kill9()
    await witness.misses(2)
    await using second = await startServer({ data, http })
    await keptAlive([one, two], 3)
    expect(await found(url, 'nodeinfo1')).toBe(`[${dataOf('/esq/node-2')}]`)

    await two.stop()
    const goneMs = await gone(url, 'nodeinfo1')
    expect(goneMs - two.lastSentMs).toBeGreaterThan(TTL_MS)
    expect(goneMs - two.lastAnsweredMs).toBeLessThan(TTL_MS + GONE_WITHIN_MS)
    expect(await keepAlive(second, two.id)).toEqual([404, '"can not find this Lease"'])

    await one.stop()
    await witness.stop()
    expect(witness.answers.size).toBe(1)
    expect([...witness.answers]).toEqual([`[${dataOf('/esq/node-1')}]`])
    const revoke = await curl(`${url}/lease/revoke/${one.id}`, { method: 'POST' })
    expect([revoke.status, revoke.text]).toEqual([200, 'null'])
    expect(await found(url, 'nodeinfo')).toBe('[]')
    expect((await curl(`${url}/lease/revoke/${one.id}`, { method: 'POST' })).status).toBe(404)
  },
  120_000,
)

test.concurrent(
  'leases that nobody keeps alive live a whole ttl after a restart, and no longer',
  async () => {
    await using first = await startServer()
    const { http, data, url } = first
    await using used = await serviceAt(url, { name: 'used', key: 'nodeinfo' })
    await keptAlive([used], 1)
    await used.stop()
    const grant = await curl(`${url}/lease/grant?ttl=${TTL_SECONDS}&name=unused`, {
      method: 'POST',
    })
    await first.kill9()

    const startedMs = systemClock.monotonicMs()
    await using server = await startServer({ data, http })
    const readyMs = systemClock.monotonicMs()
    const [value, ...lives] = await Promise.all([
      found(url, 'nodeinfo', 'used'),
      lifeOf(server, used.id),
      lifeOf(server, grant.text),
    ])
    expect(value).toBe(`[${dataOf('used')}]`)
    expect(lives).toMatchObject([
      { name: 'used', status: 'ALIVE', count: 1 },
      { name: 'unused', status: 'CREATE' },
    ])
    const goneMs = await gone(url, 'nodeinfo', 'used')
    expect(goneMs - startedMs).toBeGreaterThan(TTL_MS)
    expect(goneMs - readyMs).toBeLessThan(TTL_MS + GONE_WITHIN_MS)
    const isGone = async () => (await lifeOf(server, grant.text)) === undefined || undefined
    await until('the lease that nobody used is gone', isGone, { withinMs: TTL_MS + GONE_WITHIN_MS })
  },
  120_000,
)

test.concurrent('what is missing or wrong is answered in the words of the original', async () => {
  await using server = await startServer()
  const post = async (path: string, form?: Record<string, string>) => {
    const { status, text } = await curl(`${server.url}/lease/${path}`, {
      method: 'POST',
      ...(form && { form }),
    })
    return [status, text]
  }
  expect(await post('grant?ttl=0&name=a')).toEqual([400, 'null'])
  expect(await post('grant?name=a')).toEqual([400, 'null'])
  expect(await post('grant?ttl=3')).toEqual([400, 'null'])
  expect(await post('keepalive/12', { key: 'a', data: '1' })).toEqual([404, NO_LEASE])
  expect(await post('keepalive/12', { key: 'a' })).toEqual([400, 'null'])
  expect(await post('revoke/12')).toEqual([404, NO_LEASE])
  expect(await post('kv/nodeinfo', { prefix: 'nobody' })).toEqual([200, '[]'])
  expect((await curl(`${server.url}/key/none`)).status).toBe(404)
})

const NO_LEASE = '"can not find this Lease"'

/** Bytes that no text survives. */
function pictureOf(size: number): Buffer {
  const random = seededRandom(8)
  const header = Buffer.from('\u0089PNG\r\n\u001A\n\0\r\n\n', 'latin1')
  return Buffer.concat([header, Uint8Array.from({ length: size }, () => random() * 256)])
}

function serviceAt(url: string, { name, key }: { name: string; key: string }) {
  return RaftdService.start({ url, name, key, ttlSeconds: TTL_SECONDS, data: dataOf(name) })
}

function dataOf(name: string): string {
  return `{"node_id":"${name}","weight":3}`
}

/** Waits until each has been answered so many more times. */
async function keptAlive(services: readonly RaftdService[], more: number): Promise<void> {
  const least = services.map((service) => [service, service.keepAlives + more] as const)
  const kept = () => least.every(([service, count]) => service.keepAlives >= count) || undefined
  await until('the leases are kept alive', kept, { withinMs: 30_000 })
}

/** What consumers are told, as text. */
async function found(url: string, key: string, prefix = '/esq/node'): Promise<string> {
  const answer = await curl(`${url}/lease/kv/${key}`, { method: 'POST', form: { prefix } })
  expect(answer.status).toBe(200)
  return answer.text
}

/** Waits until consumers are told of nobody; answers when. */
async function gone(url: string, key: string, prefix?: string): Promise<number> {
  const isGone = async () => (await found(url, key, prefix)) === '[]' || undefined
  await until(`${key} is gone`, isGone, { withinMs: 5 * TTL_MS, everyMs: LOOK_EVERY_MS })
  return systemClock.monotonicMs()
}

async function keepAlive({ url }: Server, id: string): Promise<readonly [number, string]> {
  const form = { key: 'nodeinfo1', data: '{}' }
  const answer: CurlAnswer = await curl(`${url}/lease/keepalive/${id}`, { method: 'POST', form })
  return [answer.status, answer.text]
}

async function lifeOf({ url }: Server, id: string): Promise<unknown> {
  const answer = await curl(`${url}/lease/timetolive/${id}`, { method: 'POST' })
  return answer.status === 404 ? undefined : (JSON.parse(answer.text) as unknown)
}

/** A consumer that asks all the time, and notes each different answer. */
class Witness implements AsyncDisposable {
  readonly answers = new Set<string>()
  #missed = 0
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>

  constructor(url: string, key: string) {
    this.#running = this.#run(`${url}/lease/kv/${key}`)
  }

  /** Waits until it has found nobody to answer so many times. */
  async misses(count: number): Promise<void> {
    const missed = () => this.#missed >= count || undefined
    await until('the server is gone', missed, { withinMs: 30_000 })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #run(url: string): Promise<void> {
    do {
      const form = { prefix: '/esq/node' }
      const answer = await curl(url, { method: 'POST', form }).catch(() => undefined)
      if (!answer || answer.status === 503) this.#missed += 1
      else this.answers.add(answer.text)
    } while (await systemClock.sleep(LOOK_EVERY_MS, this.#stopping.signal))
  }
}
