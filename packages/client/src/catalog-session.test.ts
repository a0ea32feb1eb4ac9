import { setUpApp } from '@rollcall/server/testing'
import { expect, test } from 'vitest'
import { start } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { LeaseKeeper, RollcallClient, type KvWatchEvent } from './index.ts'
import { CuttingProxy } from './testing/cutting-proxy.ts'

const WITHIN = { withinMs: 10_000 }

/** A registry, a proxy before it that can lose answers, and a client of the proxy. */
async function setUp() {
  const t = await setUpApp()
  const { port } = await t.listen()
  const proxy = await CuttingProxy.open(port)
  const client = new RollcallClient({ servers: [proxy.url] })
  const direct = new RollcallClient({ servers: [`http://127.0.0.1:${port}`] })
  return {
    t,
    proxy,
    client,
    /** Its answers do not go through the proxy. */
    direct,
    async [Symbol.asyncDispose]() {
      await client.close()
      await direct.close()
      await proxy[Symbol.asyncDispose]()
      await t[Symbol.asyncDispose]()
    },
  }
}

const textOf = (value: Uint8Array | undefined) => Buffer.from(value ?? []).toString()

test('what is written is read, with its revisions', async () => {
  await using s = await setUp()
  const { kv } = s.client
  const bytes = Buffer.from([0, 255, 10])

  const first = await kv.put('a/ü', bytes, { ifRevision: 0 })
  expect(first.created).toBe(true)
  const entry = await kv.get('a/ü', { consistency: 'linearizable', minRevision: first.modRevision })
  expect(entry).toMatchObject({ createRevision: first.modRevision, modRevision: first.modRevision })
  expect(Buffer.from(entry?.value ?? [])).toEqual(bytes)

  await expect(kv.put('a/ü', 'x', { ifRevision: 0 })).rejects.toMatchObject({
    code: 'revision_conflict',
    details: { key: 'a/ü', expected: 0, actual: first.modRevision },
  })
  const { deleted, revision } = await kv.delete('a/ü')
  expect(deleted).toBe(true)
  expect(revision).toBeGreaterThan(first.modRevision)
  expect(await kv.delete('a/ü')).toMatchObject({ deleted: false })
  expect(await kv.get('a/ü')).toBeUndefined()
})

test('a long list comes page by page, in order, with or without values', async () => {
  await using s = await setUp()
  const { kv } = s.client
  const keys = Array.from({ length: 1_500 }, (_, at) => `p/${String(at).padStart(4, '0')}`)
  for (let at = 0; at < keys.length; at += 500) {
    const puts = keys.slice(at, at + 500).map((key) => ({ put: { key, value: key } }))
    await s.client.txn({ then: puts })
  }

  const seen: string[] = []
  for await (const { key, value } of kv.every({ prefix: 'p/' })) {
    expect(textOf(value)).toBe(key)
    seen.push(key)
  }
  expect(seen).toEqual(keys)
  const { entries, next } = await kv.list({ prefix: 'p/', limit: 2, keysOnly: true })
  expect(entries.map(({ key, value }) => [key, value])).toEqual([
    ['p/0000', undefined],
    ['p/0001', undefined],
  ])
  expect(next).toEqual(expect.any(String))
  expect(await kv.deletePrefix('p/')).toMatchObject({ deleted: 1_500 })
})

test('a transaction is done as one step, or its other half', async () => {
  await using s = await setUp()
  await s.client.kv.put('a', 'old')
  const swap = () =>
    s.client.txn({
      compares: [{ key: 'a', value: 'old' }],
      then: [{ put: { key: 'a', value: 'new' } }, { get: { key: 'none' } }],
      otherwise: [{ get: { key: 'a' } }],
    })

  const done = await swap()
  expect(done).toMatchObject({ succeeded: true, results: [{ put: {} }, { get: null }] })
  const again = await swap()
  expect(again.succeeded).toBe(false)
  const [result] = again.results
  expect(result && 'get' in result && textOf(result.get?.value)).toBe('new')
})

test('a write whose answer was lost is done once', async () => {
  await using s = await setUp()
  const { kv } = s.client
  await kv.put('count', '0')

  s.proxy.losing = 2
  const { created, modRevision } = await kv.put('new', 'x', { ifRevision: 0 })
  expect([created, s.proxy.lost]).toEqual([true, 2])
  expect(await kv.get('new')).toMatchObject({ modRevision, createRevision: modRevision })

  s.proxy.losing = 1
  const moved = await s.client.txn({
    compares: [{ key: 'count', value: '0' }],
    then: [{ put: { key: 'count', value: '1' } }],
  })
  expect([moved.succeeded, s.proxy.lost]).toEqual([true, 3])

  s.proxy.losing = 1
  expect(await kv.delete('new')).toMatchObject({ deleted: true })
  s.proxy.losing = 1
  const lease = await s.client.leases.grant({ ttlMs: 60_000 })
  expect(s.proxy.lost).toBe(5)
  expect((await s.client.leases.list()).leases).toEqual([expect.objectContaining({ id: lease.id })])
})

test('leases end with their keys, by themselves or when they are revoked', async () => {
  await using s = await setUp()
  const { kv, leases } = s.client
  const one = await leases.grant({ ttlMs: 5_000, name: 'one' })
  const two = await leases.grant({ ttlMs: 5_000, name: 'two' })
  for (const { id, name } of [one, two]) await kv.put(name, 'x', { lease: id })
  expect(await leases.get(one.id)).toMatchObject({ name: 'one', state: 'ALIVE', keys: ['one'] })
  expect(await kv.get('one')).toMatchObject({ lease: one.id })

  await s.t.catalog.clock.advance(4_000)
  await leases.keepAlive(one.id)
  await s.t.catalog.clock.advance(4_000)
  expect(await leases.keepAliveMany([one.id, two.id])).toEqual({
    renewed: [{ id: one.id, ttlMs: 5_000 }],
    missing: [two.id],
  })
  expect([await kv.get('two'), await kv.get('one')]).toMatchObject([undefined, { key: 'one' }])

  await leases.revoke(one.id)
  expect(await kv.get('one')).toBeUndefined()
  await expect(leases.revoke(one.id)).rejects.toMatchObject({ code: 'lease_not_found' })
  await expect(kv.put('a', 'x', { lease: one.id })).rejects.toMatchObject({
    code: 'lease_not_found',
  })
})

test('a watch tells everything once and in order, over connections that break', async () => {
  await using s = await setUp()
  const { kv } = s.client
  const known = await kv.put('p/0', '0')
  const stopping = new AbortController()
  const seen: KvWatchEvent[] = []
  const watched = (async () => {
    const { signal } = stopping
    for await (const event of kv.watch({ prefix: 'p/', signal })) seen.push(event)
  })()
  await until('the snapshot came', () => seen[0], WITHIN)
  expect(seen[0]).toMatchObject({ first: true, more: false, entries: [{ key: 'p/0' }] })

  const revisions: number[] = []
  for (let round = 1; round <= 6; round += 1) {
    // The next that goes to the watcher is lost, as is whatever is written while it is away.
    if (round % 3 === 0) {
      await until('the watch is there', () => (s.proxy.open > 0 ? true : undefined), WITHIN)
      s.proxy.losing = 1
    }
    const { modRevision } = await s.direct.kv.put(`p/${round}`, String(round))
    await s.direct.kv.put('other', 'x')
    revisions.push(modRevision)
  }
  await until('all changes came', () => seen[6], WITHIN)
  expect(s.proxy.lost).toBe(2)
  stopping.abort()
  await watched

  const changes = seen.flatMap((event) => (event.kind === 'change' ? [event] : []))
  expect(changes.map(({ revision }) => revision)).toEqual(revisions)
  expect(changes.map(({ puts }) => textOf(puts[0]?.value))).toEqual(['1', '2', '3', '4', '5', '6'])

  const later = new AbortController()
  const [first] = revisions
  for await (const event of kv.watch({
    prefix: 'p/',
    from: known.modRevision,
    signal: later.signal,
  })) {
    expect(event).toMatchObject({ kind: 'change', revision: first })
    break
  }
}, 30_000)

test('a keeper keeps its lease, and hears when the registry ended it', async () => {
  await using s = await setUp()
  const keeper = await LeaseKeeper.grant({ ttlMs: 4_000, name: 'held' }, { client: s.client })
  const { ended } = start(keeper)
  await s.t.catalog.clock.advance(3_000)
  await until(
    'it was renewed',
    async () => (await s.client.leases.get(keeper.id)).remainingMs > 3_500 || undefined,
    WITHIN,
  )
  expect(keeper.isUsable).toBe(true)

  await s.client.leases.revoke(keeper.id)
  await ended
  expect(keeper.lost.reason).toMatchObject({ code: 'lease_lost', details: { id: keeper.id } })
  expect(keeper.isUsable).toBe(false)
}, 30_000)
