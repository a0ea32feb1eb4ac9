import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString()

async function setUp() {
  const harness = await setUpCatalog()
  const { catalog, clock, engine } = harness
  const { keyedLeases } = catalog
  const keys = async (id: number) => (await keyedLeases.get(id)).keys.map(({ key }) => key)
  return { harness, catalog, clock, engine, keyedLeases, keys }
}

test('each key lives by its own keep-alives, and the lease ends to the reader with the last', async () => {
  const { harness, clock, keyedLeases, keys } = await setUp()
  await using _ = harness
  const { id, ttlMs, state } = await keyedLeases.grant({ ttlMs: 10_000, name: '/esq/node-1' })
  expect({ ttlMs, state }).toEqual({ ttlMs: 10_000, state: 'CREATE' })
  await keyedLeases.keepAlive(id, { key: 'a', value: bytes('1') })
  await keyedLeases.keepAlive(id, { key: 'b', value: bytes('2') })
  expect((await keyedLeases.get(id)).state).toBe('ALIVE')

  await clock.advance(6_000)
  await keyedLeases.keepAlive(id, { key: 'a', value: bytes('1') })
  await clock.advance(3_999)
  expect(await keys(id)).toEqual(['a', 'b'])
  await clock.advance(1_001)
  expect(await keys(id)).toEqual(['a'])
  expect((await keyedLeases.get(id)).remainingMs).toBeLessThanOrEqual(5_000)

  await clock.advance(5_000)
  await expect(keyedLeases.get(id)).rejects.toMatchObject({ code: 'lease_not_found' })
  await expect(keyedLeases.keepAlive(id, { key: 'a', value: bytes('1') })).rejects.toMatchObject({
    code: 'lease_not_found',
    details: { lease: id },
  })
  expect(keyedLeases.find({ namePrefix: '', key: undefined, match: 'exact' })).toEqual([])
})

test('a lease that nobody uses ends after its ttl', async () => {
  const { harness, catalog, clock, keyedLeases } = await setUp()
  await using _ = harness
  const { id } = await keyedLeases.grant({ ttlMs: 10_000, name: 'n' })
  await clock.advance(9_999)
  expect(await keyedLeases.get(id)).toMatchObject({ state: 'CREATE', remainingMs: 1, keys: [] })
  await clock.advance(3_001)
  await expect(keyedLeases.get(id)).rejects.toMatchObject({ code: 'lease_not_found' })
  expect(catalog.status().leases).toBe(0)
})

test('a keep-alive with the same value writes nothing; one with another value does', async () => {
  const { harness, engine, keyedLeases } = await setUp()
  await using _ = harness
  const { id } = await keyedLeases.grant({ ttlMs: 10_000, name: 'n' })
  await keyedLeases.keepAlive(id, { key: 'a', value: bytes('1') })
  const before = await engine.revision()
  await keyedLeases.keepAlive(id, { key: 'a', value: bytes('1') })
  expect(await engine.revision()).toBe(before)
  await keyedLeases.keepAlive(id, { key: 'a', value: bytes('2') })
  expect(await engine.revision()).toBe(before + 1)
  expect(text((await keyedLeases.get(id)).keys[0]?.value)).toBe('2')
})

test('another value gives the key a full ttl', async () => {
  const { harness, clock, keyedLeases, keys } = await setUp()
  await using _ = harness
  const { id } = await keyedLeases.grant({ ttlMs: 10_000, name: 'n' })
  await keyedLeases.keepAlive(id, { key: 'a', value: bytes('1') })
  await clock.advance(8_000)
  await keyedLeases.keepAlive(id, { key: 'a', value: bytes('2') })
  await clock.advance(9_999)
  expect(await keys(id)).toEqual(['a'])
})

test('a refresh gives every key a full ttl and writes nothing', async () => {
  const { harness, clock, engine, keyedLeases, keys } = await setUp()
  await using _ = harness
  const { id } = await keyedLeases.grant({ ttlMs: 10_000, name: 'n' })
  for (const key of ['a', 'b']) await keyedLeases.keepAlive(id, { key, value: bytes(key) })
  await clock.advance(8_000)
  const before = await engine.revision()
  await keyedLeases.refreshAll(id)
  expect(await engine.revision()).toBe(before)
  await clock.advance(9_999)
  expect(await keys(id)).toEqual(['a', 'b'])
  await expect(keyedLeases.refreshAll(7)).rejects.toMatchObject({ code: 'lease_not_found' })
})

test('keys are found by lease name, then key: one, those with a prefix, or all', async () => {
  const { harness, catalog, keyedLeases } = await setUp()
  await using _ = harness
  await catalog.leases.grant({ ttlMs: 10_000, name: '/esq/native' })
  for (const name of ['/esq/2', '/esq/1', '/other']) {
    const { id } = await keyedLeases.grant({ ttlMs: 10_000, name })
    for (const key of ['node1', 'node', 'x']) {
      await keyedLeases.keepAlive(id, { key, value: bytes(name + key) })
    }
  }
  const found = (key: string | undefined, match: 'exact' | 'prefix') =>
    keyedLeases.find({ namePrefix: '/esq/', key, match }).map(({ lease, key }) => [lease.name, key])

  expect(found('node', 'exact')).toEqual([
    ['/esq/1', 'node'],
    ['/esq/2', 'node'],
  ])
  expect(found('node', 'prefix')).toEqual([
    ['/esq/1', 'node'],
    ['/esq/1', 'node1'],
    ['/esq/2', 'node'],
    ['/esq/2', 'node1'],
  ])
  expect(found(undefined, 'exact')).toHaveLength(6)
  expect(found('nothing', 'exact')).toEqual([])
})

test('revoking ends all keys in one revision, through either interface', async () => {
  const { harness, catalog, engine, keyedLeases } = await setUp()
  await using _ = harness
  for (const revoke of [
    keyedLeases.revoke.bind(keyedLeases),
    catalog.leases.revoke.bind(catalog.leases),
  ]) {
    const { id } = await keyedLeases.grant({ ttlMs: 10_000, name: 'n' })
    for (const key of ['a', 'b']) await keyedLeases.keepAlive(id, { key, value: bytes(key) })
    const before = await engine.revision()
    await revoke(id)
    expect(await engine.revision()).toBe(before + 1)
    await expect(keyedLeases.get(id)).rejects.toMatchObject({ code: 'lease_not_found' })
    await expect(revoke(id)).rejects.toMatchObject({ code: 'lease_not_found' })
  }
  const snapshot = await engine.snapshot()
  expect(snapshot.leases).toEqual([])
})

test('a native keep-alive refreshes a raftd lease with all its keys', async () => {
  const { harness, catalog, clock, keyedLeases, keys } = await setUp()
  await using _ = harness
  const { id } = await keyedLeases.grant({ ttlMs: 10_000, name: 'n' })
  for (const key of ['a', 'b']) await keyedLeases.keepAlive(id, { key, value: bytes(key) })
  await clock.advance(8_000)
  expect(await catalog.leases.keepAlive([id])).toEqual({
    renewed: [{ id, ttlMs: 10_000 }],
    missing: [],
  })
  await clock.advance(9_000)
  expect(await keys(id)).toEqual(['a', 'b'])
  expect((await catalog.leases.get(id)).keys).toEqual(['a', 'b'])
})

test('a key that just ended while its lease lives on is set anew', async () => {
  const { harness, clock, engine, keyedLeases, keys } = await setUp()
  await using _ = harness
  const { id } = await keyedLeases.grant({ ttlMs: 4_000, name: 'n' })
  await keyedLeases.keepAlive(id, { key: 'a', value: bytes('1') })
  await clock.advance(2_000)
  await keyedLeases.keepAlive(id, { key: 'b', value: bytes('1') })
  // The view does not learn that it ended.
  engine.pauseWatches()
  await clock.advance(3_000)
  const kept = keyedLeases.keepAlive(id, { key: 'a', value: bytes('1') })
  await clock.advance(0)
  engine.resumeWatches()
  await kept
  expect(await keys(id)).toEqual(['a', 'b'])
})

test('a lease holds a thousand keys', async () => {
  const { harness, keyedLeases } = await setUp()
  await using _ = harness
  const { id } = await keyedLeases.grant({ ttlMs: 10_000, name: 'n' })
  for (let at = 0; at < 1_000; at += 1) {
    await keyedLeases.keepAlive(id, { key: `k${at}`, value: bytes('') })
  }
  await keyedLeases.keepAlive(id, { key: 'k1', value: bytes('other') })
  await expect(keyedLeases.keepAlive(id, { key: 'more', value: bytes('') })).rejects.toMatchObject({
    code: 'limit_exceeded',
    details: { what: 'keys in a lease' },
  })
})

test('an id of a native lease is none of raftd', async () => {
  const { harness, catalog, keyedLeases } = await setUp()
  await using _ = harness
  const { id } = await catalog.leases.grant({ ttlMs: 10_000 })
  await expect(keyedLeases.get(id)).rejects.toMatchObject({ code: 'lease_not_found' })
  await expect(keyedLeases.revoke(id)).rejects.toMatchObject({ code: 'lease_not_found' })
})
