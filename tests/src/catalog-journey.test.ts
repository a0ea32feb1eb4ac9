/**
 * What a user does with keys, transactions and leases, over plain HTTP.
 *
 * @module
 */

import {
  API_BASE,
  HEADERS,
  type GrantAnswer,
  type KeepAliveAnswer,
  type KvEvent,
  type KvList,
  type KvPutAnswer,
  type LeaseView,
  type TxnAnswer,
} from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import {
  base64,
  CatalogClient,
  done,
  jsonOf,
  pathOf,
  refusal,
  textOf,
} from './support/catalog-client.ts'
import { callJson, instanceUrl, registration } from './support/http.ts'
import { startServer } from './support/spawn-server.ts'
import { EventStream } from './support/sse.ts'

const TTL_MS = 3_000
/** A lease has ended half a second after its time on a quiet machine. */
const ENDS_WITHIN_MS = 5 * 500

/** A node and a client of it. */
async function setUp(options?: Parameters<typeof startServer>[0]) {
  const server = await startServer(options)
  const client = new CatalogClient(server.url)
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

test.concurrent('a key is put, read, compared, listed and deleted', async () => {
  await using node = await setUp()
  const { client } = node
  const bytes = Buffer.from([0, 255, 10, 13, 0])
  const created = await client.ask('/kv/app/logo', { method: 'PUT', bytes })
  expect(created.status).toBe(200)
  const put = jsonOf(created) as KvPutAnswer
  expect(put).toEqual({
    key: 'app/logo',
    modRevision: put.modRevision,
    createRevision: put.modRevision,
    created: true,
  })
  expect(created.headers[HEADERS.revision]).toBe(String(put.modRevision))

  const read = await client.ask('/kv/app%2Flogo')
  expect(read.bytes.equals(bytes)).toBe(true)
  expect(read.headers['etag']).toBe(`"${put.modRevision}"`)
  expect(read.headers[HEADERS.createRevision]).toBe(String(put.modRevision))
  const same = await client.ask('/kv/app/logo', {
    headers: { 'if-none-match': read.headers['etag'] as string },
  })
  expect(same.status).toBe(304)

  expect(refusal(await client.put('app/logo', 'x', { ifRevision: 0 }))).toBe('revision_conflict')
  const changed = done(await client.put('app/logo', 'x', { ifRevision: put.modRevision }))
  expect(changed.answer).toMatchObject({ created: false, createRevision: put.modRevision })
  expect(changed.revision).toBeGreaterThan(put.modRevision)
  expect(refusal(await client.delete('app/logo', put.modRevision))).toBe('revision_conflict')

  await Promise.all(['app/b', 'app/a', 'app', 'apq'].map((key) => client.put(key, key)))
  const first = await client.read<KvList>('/kv?prefix=app/&limit=2')
  expect(first.entries.map(({ key }) => key)).toEqual(['app/a', 'app/b'])
  const rest = await client.read<KvList>(`/kv?prefix=app/&limit=2&cursor=${first.next ?? ''}`)
  expect(rest.entries.map(({ key }) => key)).toEqual(['app/logo'])
  expect(rest.next).toBeNull()

  done(await client.delete('app/logo'))
  expect(refusal(await client.delete('app/logo'))).toBe('key_not_found')
  expect((await client.ask('/kv/app/logo')).status).toBe(404)
  expect(done(await client.deletePrefix('app')).answer).toEqual({ deleted: 3 })
  expect((await client.list('')).map(({ key }) => key)).toEqual(['apq'])
})

test.concurrent(
  'a transaction does one thing or the other, and all of it at one revision',
  async () => {
    await using node = await setUp()
    const { client } = node
    const put = (key: string, text: string) => ({ put: { key, valueBase64: base64(text) } })
    const transfer = {
      compares: [{ key: 'from', valueBase64: base64('10') }],
      then: [put('from', '3'), put('to', '7'), { get: { key: 'to' } }],
      otherwise: [{ get: { key: 'from' } }],
    }
    const refused = done(await client.txn(transfer)).answer
    expect(refused).toMatchObject({ succeeded: false, results: [{ get: null }] })

    done(await client.put('from', '10'))
    const { answer } = done(await client.txn(transfer))
    const { revision } = answer
    expect(answer).toEqual({
      succeeded: true,
      revision,
      results: [
        { put: { modRevision: revision } },
        { put: { modRevision: revision } },
        { get: { valueBase64: base64('7'), modRevision: revision } },
      ],
    } satisfies TxnAnswer)
    const again = done(await client.txn(transfer)).answer
    expect(again).toMatchObject({
      succeeded: false,
      results: [{ get: { valueBase64: base64('3'), modRevision: revision } }],
    })
    const cleared = await client.txn({
      compares: [{ prefix: 'none/', empty: true }],
      then: [{ deletePrefix: { prefix: 'fr' } }, { delete: { key: 'nobody' } }],
    })
    expect(done(cleared).answer.results).toEqual([{ deleted: 1 }, { deleted: 0 }])
  },
)

test.concurrent(
  'a linearizable read, and one of a revision, see what was just answered',
  async () => {
    await using node = await setUp()
    const { client } = node
    for (let count = 0; count < 50; count += 1) {
      const { revision } = done(await client.put('clock', String(count)))
      const [linear, least] = await Promise.all([
        client.ask('/kv/clock?consistency=linearizable'),
        client.ask('/kv/clock', { headers: { [HEADERS.minRevision]: String(revision) } }),
      ])
      for (const answer of [linear, least]) {
        expect(Number(answer.bytes.toString())).toBe(count)
        expect(Number(answer.headers[HEADERS.revision])).toBeGreaterThanOrEqual(revision)
      }
    }
  },
)

test.concurrent(
  'a watch is taken up where it was left, and a long poll waits for the next change',
  async () => {
    await using node = await setUp()
    const { client, server } = node
    done(await client.put('shop/a', '1'))
    const url = `${server.url}${API_BASE}/watch?kv=shop/&service=till`
    const first = await EventStream.open(url)
    const told = await first.next('the keys', ({ event }) => event === 'kv-snapshot')
    expect(told.data).toMatchObject({ prefix: 'shop/', entries: [{ key: 'shop/a' }], more: false })
    const { revision } = done(await client.put('shop/b', '2'))
    const change = await first.next('the change', ({ event }) => event === 'kv')
    expect(change.data).toEqual({
      revision,
      puts: [{ key: 'shop/b', valueBase64: base64('2'), modRevision: revision }],
      deletes: [],
    })
    await first[Symbol.asyncDispose]()

    const both = { then: [{ delete: { key: 'shop/a' } }, putOf('shop/c'), putOf('elsewhere')] }
    const missed = done(await client.txn(both))
    done(await client.put('elsewhere', 'x'))
    const body = registration()
    await callJson(instanceUrl(server.url, 'till', 't-1'), { method: 'PUT', body })
    await using second = await EventStream.open(url, { 'last-event-id': change.id ?? '' })
    const later = await second.next('what was missed', ({ event }) => event === 'kv')
    expect(later.data).toMatchObject({
      revision: missed.revision,
      puts: [{ key: 'shop/c' }],
      deletes: ['shop/a'],
    })
    await second.next('the instance', ({ event }) => event === 'change')
    expect(second.events.map(({ event }) => event).sort()).toEqual(['change', 'kv'])

    const quiet = await client.ask(`/kv?prefix=shop/&after=${missed.revision}&wait=50ms`)
    expect(quiet.status).toBe(304)
    const poll = client.read<KvList>(`/kv?prefix=shop/&after=${missed.revision}&wait=20s`)
    const key = client.ask(`/kv/shop/b?after=${revision}&wait=20s`)
    const next = done(await client.put('shop/b', '3'))
    expect((await poll).entries).toMatchObject([
      { key: 'shop/b', valueBase64: base64('3') },
      { key: 'shop/c' },
    ])
    expect((await poll).revision).toBeGreaterThanOrEqual(next.revision)
    expect((await key).bytes.toString()).toBe('3')
  },
)

test.concurrent('a request with an idempotency key is done once, across a kill too', async () => {
  await using node = await setUp()
  const { server, client } = node
  const { data } = server
  const put = (client: CatalogClient, value = 'one') =>
    client.put('once', value, { idempotencyKey: 'put-1' })
  const count = (client: CatalogClient) =>
    client.txn({ then: [putOf('counted'), { get: { key: 'once' } }] }, 'txn-1')
  const first = done(await put(client))
  const counted = done(await count(client))
  done(await client.put('once', 'two'))
  expect(done(await put(client))).toEqual(first)
  expect(refusal(await put(client, 'other'))).toBe('idempotency_conflict')
  await server.kill9()

  await using next = await setUp({ data })
  expect(done(await put(next.client))).toEqual(first)
  expect(done(await count(next.client)).answer).toEqual(counted.answer)
  expect(refusal(await put(next.client, 'other'))).toBe('idempotency_conflict')
  expect((await next.client.get('once'))?.value).toBe('two')
})

test.concurrent(
  'the keys of a lease end with it, in one revision, when it is revoked or left alone',
  async () => {
    await using node = await setUp()
    const { client, server } = node
    await using watch = await EventStream.open(`${server.url}${API_BASE}/watch?kv=job/`)
    await watch.next('the keys', ({ event }) => event === 'kv-snapshot')
    const sentMs = systemClock.monotonicMs()
    const lapsing = done(await client.grant(TTL_MS, 'job/lapsing')).answer
    const kept = done(await client.grant(TTL_MS, 'job/kept')).answer
    const revoked = done(await client.grant(TTL_MS, 'job/revoked')).answer
    for (const { id, name } of [lapsing, kept, revoked]) await attach(client, id, name)
    const detail = await client.read<LeaseView>(`/leases/${kept.id}`)
    expect(detail).toMatchObject({ state: 'ALIVE', kind: 'native', ttlMs: TTL_MS })
    expect(detail.keys.toSorted()).toEqual(['job/kept/0', 'job/kept/1', 'job/kept/2'])
    expect((await client.leases('job/')).map(({ id }) => id).sort(byNumber)).toEqual(
      [lapsing.id, kept.id, revoked.id].sort(byNumber),
    )
    expect((await client.ask(`/leases/${revoked.id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await endOf(watch, 'job/revoked')).toMatchObject({ puts: [], deletes: keysOf(revoked) })

    const stopping = new AbortController()
    const keeping = keepAlive(client, kept, stopping.signal)
    const lapsed = await watch.next('the end of the lease', endsIn('job/lapsing'), 5 * TTL_MS)
    expect(lapsed.data).toMatchObject({ puts: [], deletes: keysOf(lapsing) })
    expect(lapsed.atMs - sentMs).toBeGreaterThan(TTL_MS)
    expect(lapsed.atMs - sentMs).toBeLessThan(TTL_MS + ENDS_WITHIN_MS)
    expect(refusal(await client.keepAlive(lapsing.id))).toBe('lease_not_found')
    stopping.abort()
    await keeping
    expect(watch.events.filter(endsIn('job/kept'))).toEqual([])
    const remaining = await client.read<KeepAliveAnswer>('/leases/keepalive', {
      method: 'POST',
      json: { ids: [kept.id, lapsing.id] },
    })
    expect(remaining).toEqual({ renewed: [{ id: kept.id, ttlMs: TTL_MS }], missing: [lapsing.id] })
  },
)

test.concurrent('a lease and its keys live through a kill, a whole ttl from then on', async () => {
  await using first = await setUp()
  const { data } = first.server
  const lease = done(await first.client.grant(TTL_MS, 'job/one')).answer
  await attach(first.client, lease.id, lease.name)
  await first.server.kill9()

  const startedMs = systemClock.monotonicMs()
  await using second = await setUp({ data })
  const readyMs = systemClock.monotonicMs()
  expect((await second.client.list('job/')).map(({ key }) => key)).toEqual(keysOf(lease))
  let seen: readonly string[] = []
  const isGone = async () => {
    seen = (await second.client.list('job/')).map(({ key }) => key)
    return seen.length < keysOf(lease).length || undefined
  }
  await until('a key has ended', isGone, { withinMs: 5 * TTL_MS })
  const goneMs = systemClock.monotonicMs()
  expect(seen).toEqual([])
  expect(goneMs - startedMs).toBeGreaterThan(TTL_MS)
  expect(goneMs - readyMs).toBeLessThan(TTL_MS + ENDS_WITHIN_MS)
})

function putOf(key: string) {
  return { put: { key, valueBase64: base64('x') } }
}

function keysOf({ name }: Pick<GrantAnswer, 'name'>): string[] {
  return [0, 1, 2].map((at) => `${name}/${at}`)
}

async function attach(client: CatalogClient, lease: number, name: string): Promise<void> {
  const then = keysOf({ name }).map((key) => ({ put: { ...putOf(key).put, lease } }))
  done(await client.txn({ then }))
  const [key = ''] = keysOf({ name })
  const answer = await client.ask(pathOf(key))
  expect(answer.headers[HEADERS.lease]).toBe(String(lease))
  expect(textOf(answer.bytes.toString('base64'))).toBe('x')
}

async function keepAlive(client: CatalogClient, { id, ttlMs }: GrantAnswer, signal: AbortSignal) {
  do {
    done(await client.keepAlive(id))
  } while (await systemClock.sleep(ttlMs / 3, signal))
}

/** Finds an event that deletes something below a name. */
function endsIn(name: string) {
  return ({ event, data }: { event: string; data: unknown }) =>
    event === 'kv' && (data as KvEvent).deletes.some((key) => key.startsWith(`${name}/`))
}

async function endOf(watch: EventStream, name: string): Promise<unknown> {
  return (await watch.next(`the end of ${name}`, endsIn(name))).data
}

function byNumber(left: number, right: number): number {
  return left - right
}
