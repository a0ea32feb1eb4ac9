import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import type { KvChanges } from '../catalog.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

async function setUp() {
  const harness = await setUpCatalog()
  const { catalog, clock } = harness
  return { harness, catalog, clock, kv: catalog.kv, leases: catalog.leases }
}

test('a lease is granted in whole seconds, two at least, and is CREATE until a key hangs on it', async () => {
  const { harness, kv, leases } = await setUp()
  await using _ = harness
  const lease = await leases.grant({ ttlMs: 2_300, name: 'n' })
  expect(lease).toMatchObject({ name: 'n', kind: 'native', ttlMs: 3_000, state: 'CREATE' })
  expect(lease.id).toBeLessThan(2 ** 53)
  expect((await leases.grant({ ttlMs: 1 })).ttlMs).toBe(2_000)

  await leases.keepAlive([lease.id])
  expect((await leases.get(lease.id)).state).toBe('CREATE')
  await kv.put('a', bytes('1'), { lease: lease.id })
  expect(await leases.get(lease.id)).toEqual({
    id: lease.id,
    name: 'n',
    kind: 'native',
    ttlMs: 3_000,
    state: 'ALIVE',
    remainingMs: 3_000,
    keys: ['a'],
  })
})

test.each([0, -1, Number.NaN, 86_400_001])('a ttl of %d ms is refused', async (ttlMs) => {
  const { harness, leases } = await setUp()
  await using _ = harness
  await expect(leases.grant({ ttlMs })).rejects.toMatchObject({ code: 'invalid_argument' })
})

test('a lease and its keys end together, a ttl after the last keep-alive and not before', async () => {
  const { harness, catalog, clock, kv, leases } = await setUp()
  await using _ = harness
  const { id } = await leases.grant({ ttlMs: 5_000 })
  await catalog.txn({
    compares: [],
    then: ['a', 'b', 'c'].map((key) => ({ put: { key, value: bytes(key), lease: id } })),
    otherwise: [],
  })
  const seen: KvChanges[] = []
  kv.subscribe('', (changes) => seen.push(changes))

  await clock.advance(4_000)
  expect(await leases.keepAlive([id])).toEqual({ renewed: [{ id, ttlMs: 5_000 }], missing: [] })
  await clock.advance(4_999)
  expect(kv.get('a')).toBeDefined()
  expect(seen).toEqual([])

  await clock.advance(1_001)
  expect(seen.map(({ deletes }) => deletes.toSorted())).toEqual([['a', 'b', 'c']])
  await expect(leases.get(id)).rejects.toMatchObject({
    code: 'lease_not_found',
    details: { lease: id },
  })
  expect(await leases.keepAlive([id])).toEqual({ renewed: [], missing: [id] })
  expect(catalog.status().leases).toBe(0)
})

test('ten thousand keep-alives write nothing, and one more is refused', async () => {
  const { harness, catalog, leases } = await setUp()
  await using _ = harness
  const ids: number[] = []
  for (let at = 0; at < 100; at += 1) ids.push((await leases.grant({ ttlMs: 5_000 })).id)
  const before = catalog.status().viewRevision
  const asked = Array.from({ length: 10_000 }, (_, at) => ids[at % 100] ?? 0)
  expect((await leases.keepAlive(asked)).renewed).toHaveLength(10_000)
  expect(await harness.engine.revision()).toBe(before)
  await expect(leases.keepAlive([...asked, 1])).rejects.toMatchObject({ code: 'limit_exceeded' })
})

test('a revoked lease ends with its keys in one revision; revoking it again finds none', async () => {
  const { harness, kv, leases } = await setUp()
  await using _ = harness
  const { id } = await leases.grant({ ttlMs: 5_000 })
  await kv.put('a', bytes('1'), { lease: id })
  await kv.put('b', bytes('1'), { lease: id })
  const seen: KvChanges[] = []
  kv.subscribe('', (changes) => seen.push(changes))
  const { revision, isBehind } = await leases.revoke(id)
  expect(isBehind).toBe(false)
  expect(seen).toEqual([{ revision, puts: [], deletes: ['a', 'b'] }])
  await expect(leases.revoke(id)).rejects.toMatchObject({ code: 'lease_not_found' })
})

test('a key that is put again without its lease does not end with it', async () => {
  const { harness, clock, kv, leases } = await setUp()
  await using _ = harness
  const { id } = await leases.grant({ ttlMs: 2_000 })
  await kv.put('a', bytes('1'), { lease: id })
  await kv.put('a', bytes('2'))
  expect((await leases.get(id)).keys).toEqual([])
  await clock.advance(4_000)
  expect(kv.get('a')?.lease).toBe(0)
})

test('a key cannot hang on a lease that is none of users', async () => {
  const { harness, catalog, kv } = await setUp()
  await using _ = harness
  const raftd = await catalog.keyedLeases.grant({ ttlMs: 5_000, name: 'r' })
  await catalog.keyedLeases.keepAlive(raftd.id, { key: 'x', value: bytes('1') })
  const internal = await harness.engine.leases.grant({ ttlMs: 5_000 })

  for (const lease of [12_345, internal.id]) {
    await expect(kv.put('a', bytes('1'), { lease })).rejects.toMatchObject({
      code: 'lease_not_found',
      details: { lease },
    })
  }
  await expect(kv.put('a', bytes('1'), { lease: raftd.id })).rejects.toMatchObject({
    code: 'invalid_argument',
  })
  expect(kv.get('a')).toBeUndefined()
})

test('a lease that another node granted is known at once, though this view is behind', async () => {
  const { harness, clock, kv, leases } = await setUp()
  await using _ = harness
  await using other = await harness.another('n2')
  harness.engine.pauseWatches()
  const granting = other.catalog.leases.grant({ ttlMs: 60_000 })
  await clock.advance(0)
  await clock.advance(1_000)
  const { id } = await granting

  const put = kv.put('a', bytes('1'), { lease: id })
  const renewing = leases.keepAlive([id])
  await clock.advance(0)
  harness.engine.resumeWatches()
  await clock.advance(0)
  await expect(put).resolves.toMatchObject({ created: true })
  expect((await renewing).renewed).toEqual([{ id, ttlMs: 60_000 }])
})

test('lists are by name, then id, in pages, and hold leases of both kinds', async () => {
  const { harness, catalog, leases } = await setUp()
  await using _ = harness
  const granted = []
  for (const name of ['b', 'a', 'b', 'c']) granted.push(await leases.grant({ ttlMs: 9_000, name }))
  const raftd = await catalog.keyedLeases.grant({ ttlMs: 9_000, name: 'b' })
  const ofB = [granted[0]?.id, granted[2]?.id, raftd.id].sort((one, two) => (one ?? 0) - (two ?? 0))

  const first = leases.list({ namePrefix: 'b', limit: 2 })
  expect(first.leases.map(({ id }) => id)).toEqual(ofB.slice(0, 2))
  expect(first.more).toBe(true)
  const rest = leases.list({ namePrefix: 'b', after: first.leases[1], limit: 2 })
  expect(rest.leases.map(({ id }) => id)).toEqual(ofB.slice(2))
  expect(rest.more).toBe(false)
  expect(leases.list({ namePrefix: '', limit: 9 }).leases.map(({ name }) => name)).toEqual([
    'a',
    'b',
    'b',
    'b',
    'c',
  ])
})

test('a node that starts again knows the leases, their keys and how they are used', async () => {
  const { harness, clock, kv, leases } = await setUp()
  await using _ = harness
  const used = await leases.grant({ ttlMs: 9_000, name: 'u' })
  const unused = await leases.grant({ ttlMs: 9_000 })
  await kv.put('a', bytes('1'), { lease: used.id })
  await harness.stop()
  await using again = await harness.another()

  expect(await again.catalog.leases.get(used.id)).toMatchObject({ state: 'ALIVE', keys: ['a'] })
  expect(await again.catalog.leases.get(unused.id)).toMatchObject({ state: 'CREATE', keys: [] })
  await clock.advance(10_000)
  expect(again.catalog.kv.get('a')).toBeUndefined()
})

test('a lease that ended before it was written down is refused as what may be tried again', async () => {
  const { harness, leases } = await setUp()
  await using _ = harness
  harness.engine.endNextLease()
  await expect(leases.grant({ ttlMs: 5_000, name: 'n' })).rejects.toMatchObject({
    code: 'unavailable',
  })
  expect(leases.list({ namePrefix: '', limit: 10 }).leases).toEqual([])
  expect(await leases.grant({ ttlMs: 5_000, name: 'n' })).toMatchObject({ name: 'n' })
})
