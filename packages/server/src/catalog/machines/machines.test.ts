import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { aLittleLater, endings } from '../../testing/tree-content.ts'

async function setUp() {
  const harness = await setUpCatalog()
  const { namespaces, resources, machines } = harness.catalog
  const leaf = (name: string, match?: string) =>
    namespaces.create('', { name, kind: 'leaf', match })
  const places = (hostname: string) => machines.find(hostname).map(({ ns }) => ns)
  return {
    harness,
    namespaces,
    resources,
    machines,
    leaf,
    places,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  }
}

test('a machine registers in every leaf whose rule finds its name, else in the pool', async () => {
  await using t = await setUp()
  for (const match of ['0-2-', '0-2-2-1', '0-3-2-1', '0-4']) await t.leaf(`n${match}x`, match)
  const places = async (hostname: string) =>
    [...(await t.machines.register(hostname, { ip: '10.0.0.1' })).places.keys()].toSorted()
  expect(await places('0-2-host')).toEqual(['n0-2-x'])
  expect(await places('0-2-2-1-host')).toEqual(['n0-2-2-1x', 'n0-2-x'])
  expect(await places('0-5-host')).toEqual(['pool'])
  expect(t.machines.find('0-5-host')).toMatchObject([
    { ns: 'pool', type: 'machine', properties: { hostname: '0-5-host', ip: '10.0.0.1' } },
  ])
})

test('each place of a machine is a resource with an id of its own, all in one revision', async () => {
  await using t = await setUp()
  await t.leaf('a', 'web')
  await t.leaf('b', 'web')
  const { places, revision } = await t.machines.register('web-1', {})
  expect(new Set(places.values()).size).toBe(2)
  for (const row of t.machines.find('web-1')) {
    expect(places.get(row.ns)).toBe(row.id)
    expect(row.revision).toBe(revision)
  }
})

test('a machine that is somewhere stays there as it is', async () => {
  await using t = await setUp()
  const first = await t.machines.register('web-1', { ip: '1' })
  expect(first.created).toBe(true)
  await t.leaf('web', '^web')
  const again = await t.machines.register('web-1', { ip: '2' })
  expect(again).toMatchObject({ created: false, places: first.places })
  expect(t.machines.find('web-1')).toMatchObject([{ ns: 'pool', properties: { ip: '1' } }])
  // Also where somebody has put it by hand.
  await t.resources.add({ type: 'machine', ns: 'web' }, { properties: { hostname: 'db-1' } })
  expect((await t.machines.register('db-1', {})).places).toEqual(
    new Map([['web', t.machines.find('db-1')[0]?.id]]),
  )
})

test('a machine that was removed registers anew, also when it was taken out of its lists', async () => {
  await using t = await setUp()
  await t.machines.register('web-1', {})
  await t.machines.remove('web-1')
  expect(t.machines.find('web-1')).toEqual([])
  const { places, created } = await t.machines.register('web-1', {})
  expect(created).toBe(true)
  await t.resources.delete({ type: 'machine', id: places.get('pool') ?? '' })
  expect((await t.machines.register('web-1', {})).created).toBe(true)
  await t.resources.replace({ type: 'machine', ns: 'pool' }, [])
  expect((await t.machines.register('web-1', {})).created).toBe(true)
  await expect(t.machines.remove('none')).rejects.toMatchObject({ code: 'resource_not_found' })
})

test('what is merged into a machine is merged wherever it is, unless it is newer', async () => {
  await using t = await setUp()
  await t.leaf('a', 'web')
  await t.leaf('b', 'web')
  const { revision } = await t.machines.register('web-1', { ip: '1' })
  await t.machines.merge('web-1', { status: 'offline', ip: null }, { ifRevision: revision })
  for (const { properties } of t.machines.find('web-1')) {
    expect(properties).toEqual({ hostname: 'web-1', status: 'offline' })
  }
  const late = { ifRevision: revision }
  const conflict = { code: 'revision_conflict', details: { key: 'web-1', expected: revision } }
  await expect(t.machines.merge('web-1', { x: '1' }, late)).rejects.toMatchObject(conflict)
  await expect(t.machines.remove('web-1', late)).rejects.toMatchObject(conflict)
  await expect(t.machines.merge('web-1', { hostname: 'x' })).rejects.toMatchObject({
    code: 'invalid_argument',
  })
  await expect(t.machines.merge('none', {})).rejects.toMatchObject({ code: 'resource_not_found' })
})

test('a machine is renamed everywhere, under the ids that it has', async () => {
  await using t = await setUp()
  await t.leaf('a', 'web')
  await t.leaf('b', 'web')
  const { places } = await t.machines.register('web-1', { ip: '1' })
  await t.machines.rename('web-1', { hostname: 'web-2', properties: { ip: '2' } })
  expect(t.machines.find('web-1')).toEqual([])
  for (const { ns, id, properties } of t.machines.find('web-2')) {
    expect(properties).toEqual({ hostname: 'web-2', ip: '2' })
    expect(places.get(ns)).toBe(id)
  }
  expect((await t.machines.register('web-1', {})).created).toBe(true)
  await expect(t.machines.rename('web-1', { hostname: 'web-2' })).rejects.toMatchObject({
    code: 'already_exists',
  })
  await t.machines.rename('web-1', { hostname: 'web-1', properties: { ip: '3' } })
  expect(t.machines.find('web-1')[0]?.properties).toEqual({ hostname: 'web-1', ip: '3' })
})

test('a rename with a serial number leaves rows of another number alone', async () => {
  await using t = await setUp()
  for (const [name, sn] of [
    ['a', 'one'],
    ['b', 'two'],
    ['c', ''],
  ] as const) {
    await t.leaf(name)
    const properties = { hostname: 'web', sn }
    await t.resources.add({ type: 'machine', ns: name }, { properties })
  }
  await expect(t.machines.rename('none', { hostname: 'x', sn: 'one' })).rejects.toMatchObject({
    code: 'resource_not_found',
  })
  await t.machines.rename('web', { hostname: 'new', sn: 'one' })
  expect(t.places('new').toSorted()).toEqual(['a', 'c'])
  expect(t.places('web')).toEqual(['b'])
  await expect(t.machines.rename('web', { hostname: 'x', sn: 'one' })).rejects.toMatchObject({
    code: 'resource_not_found',
  })
})

test('of two nodes that hear of a machine at once one registers it, whatever they know', async () => {
  await using t = await setUp()
  await using other = await t.harness.another('n2')
  const planes = [t.harness.catalog, other.catalog]
  const hosts = Array.from({ length: 20 }, (_, at) => `h${at}`)
  const ends = await Promise.all(
    hosts.flatMap((host) => planes.map(({ machines }) => machines.register(host, {}))),
  )
  expect(ends.filter(({ created }) => created)).toHaveLength(hosts.length)
  for (const host of hosts) expect(t.places(host)).toEqual(['pool'])
})

test('a machine is in one place only, though two nodes know of different rules', async () => {
  await using t = await setUp()
  await using other = await t.harness.another('n2')
  const hosts = Array.from({ length: 20 }, (_, at) => `h${at}x`)
  await Promise.all(
    hosts.flatMap((host) => [
      t.leaf(`for-${host}`, `^${host}`).then(() => t.machines.register(host, {})),
      other.catalog.machines.register(host, {}),
    ]),
  )
  for (const host of hosts) expect(t.places(host)).toHaveLength(1)
})

test('a machine that one node puts into a list is not registered by another at once', async () => {
  await using t = await setUp()
  await t.leaf('web')
  await using other = await t.harness.another('n2')
  for (const count of [1, 100]) {
    for (let round = 0; round < 25; round += 1) {
      const hosts = Array.from({ length: count }, (_, at) => `h${count}-${round}-${at}`)
      const adds = hosts.map((hostname) => ({ add: { ns: 'web', properties: { hostname } } }))
      const [first = ''] = hosts
      await endings<unknown>(t.harness.clock, [
        t.resources.batch('machine', adds),
        aLittleLater(round, () => other.catalog.machines.register(first, {})),
      ])
      // Who came first decides: a machine is in the pool only if it was there before.
      const rows = t.machines.find(first)
      const pool = rows.find(({ ns }) => ns === 'pool')
      const web = rows.find(({ ns }) => ns === 'web')
      if (pool) expect(pool.revision).toBeLessThan(web?.revision ?? 0)
    }
  }
})

test('a registration that is repeated answers as it did', async () => {
  await using t = await setUp()
  const idempotency = { key: 'k', request: 'r' }
  const first = await t.machines.register('web-1', {}, { idempotency })
  await t.machines.remove('web-1')
  expect(await t.machines.register('web-1', {}, { idempotency })).toEqual(first)
})

test('a namespace with machines is not deleted', async () => {
  await using t = await setUp()
  await t.leaf('web', 'web')
  await t.machines.register('web-1', {})
  await expect(t.namespaces.delete('web')).rejects.toMatchObject({
    code: 'not_empty',
    details: { path: 'web', what: 'machines', count: 1 },
  })
  await t.machines.remove('web-1')
  await t.namespaces.delete('web')
})
