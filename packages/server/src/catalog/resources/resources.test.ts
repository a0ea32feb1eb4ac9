import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { RESOURCE_LIMITS } from '../limits.ts'

const PLACE = { type: 'deploy', ns: 'web' }
const named = (name: string, more: Record<string, string> = {}) => ({
  properties: { name, ...more },
})

async function setUp() {
  const harness = await setUpCatalog()
  const { namespaces, resources } = harness.catalog
  await namespaces.create('', { name: 'web', kind: 'leaf' })
  await namespaces.create('', { name: 'db', kind: 'leaf' })
  await namespaces.create('', { name: 'apps', kind: 'inner' })
  await namespaces.create('apps', { name: 'one', kind: 'leaf' })
  const names = (ns: string, type = 'deploy') =>
    resources.list({ type, ns, limit: 5_000 }).resources.map(({ properties }) => properties['name'])
  const one = async (ns: string, name: string, more: Record<string, string> = {}) => {
    const { resources: added } = await resources.add({ type: 'deploy', ns }, named(name, more))
    return added[0]?.id ?? ''
  }
  return {
    harness,
    namespaces,
    resources,
    names,
    one,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  }
}

test('a resource that was added is found by key, by id and in the list', async () => {
  await using t = await setUp()
  const { resources, revision, isBehind } = await t.resources.add(PLACE, named('a', { v: '1' }))
  const [added] = resources
  expect(added).toEqual({
    id: expect.any(String),
    ns: 'web',
    type: 'deploy',
    properties: { name: 'a', v: '1' },
    revision,
  })
  expect(isBehind).toBe(false)
  expect(t.resources.byKey('deploy', 'web', 'a')).toEqual(added)
  expect(t.resources.byId('deploy', added?.id ?? '')).toEqual([added])
  expect(t.resources.list({ ...PLACE, limit: 10 }).resources).toEqual([added])
  expect(t.namespaces.tree('web', 0).resources).toEqual(new Map([['deploy', 1]]))
})

test('a primary key is unique in one namespace, and free in another', async () => {
  await using t = await setUp()
  await t.one('web', 'a')
  await expect(t.resources.add(PLACE, named('a'))).rejects.toMatchObject({
    code: 'already_exists',
    details: { type: 'deploy', primaryKey: 'name', key: 'a' },
  })
  await t.one('db', 'a')
})

test('a type that nobody described has no key but the id', async () => {
  await using t = await setUp()
  const place = { type: 'note', ns: 'web' }
  const texts = [named('same'), named('same'), { id: 'mine', properties: { text: 'x' } }]
  for (const note of texts) await t.resources.add(place, note)
  expect(t.names('web', 'note')).toHaveLength(3)
  expect(t.resources.byId('note', 'mine')).toMatchObject([{ properties: { text: 'x' } }])
  const again = t.resources.add(place, { id: 'mine', properties: { text: 'y' } })
  await expect(again).rejects.toMatchObject({ code: 'already_exists' })
})

test('keys may be any text, and none is taken for another', async () => {
  await using t = await setUp()
  const odd = ['a/b', 'a%2Fb', '~x', '%7Ex', '!v', 'ü', ' ', '\u{1f600}']
  for (const name of odd) await t.one('web', name)
  for (const name of odd) {
    expect(t.resources.byKey('deploy', 'web', name)?.properties).toEqual({ name })
  }
  expect(t.names('web')).toHaveLength(odd.length)
})

test.each([
  ['no properties', {}, 'invalid_argument'],
  ['an empty primary key', { name: '' }, 'invalid_argument'],
  ['no primary key', { other: 'x' }, 'invalid_argument'],
  ['an id among its properties', { name: 'a', _id: 'x' }, 'invalid_argument'],
  ['a property without a name', { name: 'a', '': 'x' }, 'invalid_argument'],
  ['half a character', { name: '\ud800' }, 'invalid_argument'],
  ['a long key', { name: 'x'.repeat(513) }, 'limit_exceeded'],
  ['a long value', { name: 'a', v: 'x'.repeat(65_537) }, 'limit_exceeded'],
  ['a long name', { name: 'a', ['x'.repeat(257)]: 'x' }, 'limit_exceeded'],
])('a resource with %s is refused', async (_, properties, code) => {
  await using t = await setUp()
  const refused = t.resources.add(PLACE, { properties })
  await expect(refused).rejects.toMatchObject({ code })
  expect(t.names('web')).toEqual([])
})

test('resources are in leaves, templates in inner namespaces, both of a type that is one', async () => {
  await using t = await setUp()
  const add = (place: Parameters<typeof t.resources.add>[0]) => t.resources.add(place, named('a'))
  const code = (code: string) => ({ code })
  await expect(add({ type: 'deploy', ns: 'apps' })).rejects.toMatchObject(code('invalid_parent'))
  await expect(add({ type: 'deploy', ns: '' })).rejects.toThrow(/^The root is an inner namespace/)
  await expect(add({ ...PLACE, template: true })).rejects.toMatchObject(code('invalid_parent'))
  await expect(add({ ...PLACE, ns: 'x' })).rejects.toMatchObject(code('namespace_not_found'))
  for (const type of ['', '!v', 'a/b', '-a']) {
    await expect(add({ type, ns: 'web' })).rejects.toMatchObject(code('invalid_argument'))
  }
  await add({ type: 'deploy', ns: 'apps', template: true })
  expect(t.names('apps')).toEqual([])
  const { resources } = t.resources.list({ ...PLACE, ns: 'apps', template: true, limit: 9 })
  expect(resources).toMatchObject([{ ns: 'apps', properties: { name: 'a' } }])
})

test('a list of an inner namespace is that of all leaves below, page by page', async () => {
  await using t = await setUp()
  for (const [ns, name] of [
    ['web', 'b'],
    ['web', 'a'],
    ['apps/one', 'z'],
    ['db', 'm'],
  ] as const) {
    await t.one(ns, name)
  }
  const pages: string[][] = []
  let after: string | undefined
  do {
    const page = t.resources.list({ type: 'deploy', ns: '', limit: 1, after })
    pages.push(page.resources.map(({ ns, properties }) => `${ns} ${properties['name'] ?? ''}`))
    after = page.next
    // Who reads on is not kept from it by what goes meanwhile.
    if (pages.length === 2) await t.namespaces.delete('apps/one')
  } while (after !== undefined)
  expect(pages).toEqual([['apps/one z'], ['db m'], ['web a'], ['web b']])
  expect(() => t.resources.list({ ...PLACE, limit: 1, after: 'db x' })).toThrow(
    expect.objectContaining({ code: 'invalid_argument' }),
  )
})

test('a merge changes what it names, removes what is null, and keeps the id', async () => {
  await using t = await setUp()
  const id = await t.one('web', 'a', { v: '1', w: '1' })
  const { resources } = await t.resources.merge({ type: 'deploy', id }, { v: '2', w: null, x: '3' })
  expect(resources).toMatchObject([{ id, properties: { name: 'a', v: '2', x: '3' } }])
  const renamed = await t.resources.merge({ ...PLACE, id }, { name: 'b' })
  expect(renamed.resources).toMatchObject([{ id, properties: { name: 'b', v: '2', x: '3' } }])
  expect(t.names('web')).toEqual(['b'])
  await t.one('web', 'a')
  await expect(t.resources.merge({ ...PLACE, id }, { name: 'a' })).rejects.toMatchObject({
    code: 'already_exists',
  })
  await expect(t.resources.merge({ ...PLACE, id: 'none' }, { v: '1' })).rejects.toMatchObject({
    code: 'resource_not_found',
    details: { type: 'deploy', id: 'none', ns: 'web' },
  })
  await expect(t.resources.merge({ ...PLACE, id }, { _id: null })).rejects.toMatchObject({
    code: 'invalid_argument',
  })
})

test('a merge that changes nothing writes nothing', async () => {
  await using t = await setUp()
  const id = await t.one('web', 'a', { v: '1' })
  const before = t.resources.byId('deploy', id)
  const { resources, revision } = await t.resources.merge(
    { type: 'deploy', id },
    { v: '1', w: null },
  )
  expect(resources).toEqual(before)
  expect(revision).toBe(t.harness.catalog.status().revision)
  expect(t.resources.byId('deploy', id)).toEqual(before)
})

test('a merge at a revision is refused when the resource is at another', async () => {
  await using t = await setUp()
  const id = await t.one('web', 'a')
  const revision = t.resources.byId('deploy', id)[0]?.revision ?? 0
  await t.resources.merge({ type: 'deploy', id }, { v: '1' }, { ifRevision: revision })
  const late = t.resources.merge({ type: 'deploy', id }, { v: '2' }, { ifRevision: revision })
  await expect(late).rejects.toMatchObject({
    code: 'revision_conflict',
    details: { expected: revision },
  })
})

test('an id in several namespaces is merged and deleted in all of them at once, or in one', async () => {
  await using t = await setUp()
  for (const ns of ['web', 'db'])
    await t.resources.add({ type: 'deploy', ns }, { id: 'x', ...named('a') })
  const { resources, revision } = await t.resources.merge({ type: 'deploy', id: 'x' }, { v: '1' })
  expect(resources.map(({ ns, revision }) => [ns, revision])).toEqual([
    ['web', revision],
    ['db', revision],
  ])
  await t.resources.merge({ type: 'deploy', id: 'x', ns: 'db' }, { v: '2' })
  expect(t.resources.byId('deploy', 'x', { ns: 'web' })).toMatchObject([{ properties: { v: '1' } }])
  await t.resources.delete({ type: 'deploy', id: 'x', ns: 'db' })
  expect(t.resources.byId('deploy', 'x')).toMatchObject([{ ns: 'web' }])
  const gone = await t.resources.delete({ type: 'deploy', id: 'x' })
  expect(gone.resources).toMatchObject([{ ns: 'web', properties: { v: '1' } }])
  expect(t.resources.byId('deploy', 'x')).toEqual([])
})

test('a list is replaced whole; ids that are given stay', async () => {
  await using t = await setUp()
  const id = await t.one('web', 'a')
  await t.one('web', 'b')
  const { resources, revision } = await t.resources.replace(PLACE, [
    { id, ...named('a2') },
    { id: 'new', ...named('b') },
    named('c'),
  ])
  expect(resources).toMatchObject([{ id, revision }, { id: 'new' }, { properties: { name: 'c' } }])
  expect(t.names('web')).toEqual(['a2', 'b', 'c'])
  await expect(t.resources.replace(PLACE, [named('a'), named('a')])).rejects.toMatchObject({
    code: 'already_exists',
  })
  expect(t.names('web')).toEqual(['a2', 'b', 'c'])
  await t.resources.replace(PLACE, [])
  expect(t.names('web')).toEqual([])
})

test('a list is replaced only as it was read, also when something left it since', async () => {
  await using t = await setUp()
  await t.one('web', 'a')
  const id = await t.one('web', 'b')
  const { revision } = t.harness.catalog.status()
  await t.one('db', 'elsewhere')
  await t.resources.delete({ type: 'deploy', id })
  const late = t.resources.replace(PLACE, [], { ifRevision: revision })
  await expect(late).rejects.toMatchObject({ code: 'revision_conflict' })
  const now = t.harness.catalog.status().revision
  await t.resources.replace(PLACE, [], { ifRevision: now })
  const never = t.resources.replace(PLACE, [], { ifRevision: now + 1_000 })
  await expect(never).rejects.toMatchObject({ code: 'revision_conflict' })
})

test('a batch is one step in the order of its operations, or nothing', async () => {
  await using t = await setUp()
  const id = await t.one('web', 'a')
  const seen: number[] = []
  t.harness.catalog.kv.subscribe('', ({ revision }) => seen.push(revision))
  const { resources, revision } = await t.resources.batch('deploy', [
    { delete: { ns: 'web', id } },
    { add: { ns: 'web', id: 'x', ...named('a') } },
    { update: { ns: 'web', id: 'x', properties: { v: '1' } } },
    { add: { ns: 'db', ...named('b') } },
  ])
  expect(resources).toHaveLength(4)
  expect(t.resources.byKey('deploy', 'web', 'a')).toMatchObject({
    id: 'x',
    properties: { v: '1' },
    revision,
  })
  expect(t.names('db')).toEqual(['b'])
  const refused = t.resources.batch('deploy', [
    { add: { ns: 'db', ...named('c') } },
    { delete: { ns: 'db', id: 'none' } },
  ])
  await expect(refused).rejects.toMatchObject({ code: 'resource_not_found' })
  expect(t.names('db')).toEqual(['b'])
})

test('what a batch adds it may change and delete again', async () => {
  await using t = await setUp()
  const { resources } = await t.resources.batch('deploy', [
    { add: { ns: 'web', id: 'gone', ...named('a') } },
    { update: { ns: 'web', id: 'gone', properties: { v: '1' } } },
    { delete: { ns: 'web', id: 'gone' } },
    { add: { ns: 'web', id: 'stays', ...named('b') } },
    { update: { ns: 'web', id: 'stays', properties: { name: 'c' } } },
  ])
  expect(resources.map(({ properties }) => properties)).toEqual([
    { name: 'a' },
    { name: 'a', v: '1' },
    { name: 'a', v: '1' },
    { name: 'b' },
    { name: 'c' },
  ])
  expect(t.names('web')).toEqual(['c'])
  expect(t.resources.byId('deploy', 'gone')).toEqual([])
  await t.one('web', 'a')
  await t.one('web', 'b')
})

test('a machine that comes and goes within a batch may be registered anew', async () => {
  await using t = await setUp()
  const machine = { ns: 'web', id: 'm', properties: { hostname: 'h-1' } }
  const batch = () =>
    t.resources.batch('machine', [{ add: machine }, { delete: { ns: 'web', id: 'm' } }])
  await batch()
  await batch()
  await t.resources.batch('machine', [{ add: machine }])
  expect(t.resources.byId('machine', 'm')).toMatchObject([{ ns: 'web' }])
})

test('a batch may be one of templates', async () => {
  await using t = await setUp()
  const { resources: added } = await t.resources.batch(
    'deploy',
    [{ add: { ns: 'apps', ...named('a') } }, { add: { ns: 'apps', ...named('b') } }],
    { template: true },
  )
  const [one = '', two = ''] = added.map(({ id }) => id)
  await t.resources.batch(
    'deploy',
    [
      { update: { ns: 'apps', id: one, properties: { v: '1' } } },
      { delete: { ns: 'apps', id: two } },
    ],
    { template: true },
  )
  const { resources } = t.resources.list({ type: 'deploy', ns: 'apps', template: true, limit: 9 })
  expect(resources).toMatchObject([{ id: one, properties: { name: 'a', v: '1' } }])
})

test('a move takes 2,000 resources at once and says how many were too many', async () => {
  await using t = await setUp()
  const ids = Array.from({ length: RESOURCE_LIMITS.rekeyedRows + 1 }, (_, at) => `m-${at}`)
  const all = ids.map((id) => ({ id, properties: { name: id } }))
  await t.resources.replace({ type: 'deploy', ns: 'web' }, all)
  const move = (some: readonly string[]) =>
    t.resources.move({ type: 'deploy', from: 'web', to: 'db', ids: some })
  await expect(move(ids)).rejects.toMatchObject({
    code: 'limit_exceeded',
    details: { what: 'resources in one move', limit: ids.length - 1, actual: ids.length },
  })
  await move(ids.slice(1))
  expect(t.names('web')).toEqual(['m-0'])
  expect(t.names('db')).toHaveLength(RESOURCE_LIMITS.rekeyedRows)
})

test('a batch takes 4,000 resources at once and refuses more', async () => {
  await using t = await setUp()
  const adds = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, at) => ({ add: { ns: 'web', ...named(`${prefix}${at}`) } }))
  const idempotency = { key: 'k', request: 'r' }
  const { revision } = await t.resources.batch('deploy', adds(RESOURCE_LIMITS.rows, 'a'), {
    idempotency,
  })
  expect(t.names('web')).toHaveLength(RESOURCE_LIMITS.rows)
  expect(t.resources.byKey('deploy', 'web', 'a17')?.revision).toBe(revision)
  await expect(
    t.resources.batch('deploy', adds(RESOURCE_LIMITS.rows + 1, 'b')),
  ).rejects.toMatchObject({
    code: 'limit_exceeded',
    details: { limit: RESOURCE_LIMITS.rows, actual: RESOURCE_LIMITS.rows + 1 },
  })
  // A list of many is no hindrance for a batch of many, nor for the next single one.
  await t.resources.batch('deploy', adds(1_000, 'c'))
  await t.one('web', 'last')
  expect(t.namespaces.tree('web', 0).resources.get('deploy')).toBe(RESOURCE_LIMITS.rows + 1_001)
})

test('a move keeps ids, a copy gives new ones; both do all or nothing', async () => {
  await using t = await setUp()
  const ids = [await t.one('web', 'a'), await t.one('web', 'b')]
  const moved = await t.resources.move({ type: 'deploy', from: 'web', to: 'db', ids })
  expect(moved.resources.map(({ id, ns }) => [id, ns])).toEqual(ids.map((id) => [id, 'db']))
  expect(t.names('web')).toEqual([])

  const copied = await t.resources.copy({
    type: 'deploy',
    from: 'db',
    to: 'web',
    ids: ids.slice(0, 1),
  })
  expect(copied.resources).toMatchObject([{ ns: 'web', properties: { name: 'a' } }])
  expect(copied.resources[0]?.id).not.toBe(ids[0])

  const clash = t.resources.move({ type: 'deploy', from: 'db', to: 'web', ids: ids.toReversed() })
  await expect(clash).rejects.toMatchObject({ code: 'already_exists' })
  expect(t.names('db')).toEqual(['a', 'b'])
  const missing = t.resources.copy({
    type: 'deploy',
    from: 'db',
    to: 'apps/one',
    ids: [...ids, 'x'],
  })
  await expect(missing).rejects.toMatchObject({ code: 'resource_not_found' })
  const same = t.resources.move({ type: 'deploy', from: 'db', to: 'db', ids })
  await expect(same).rejects.toMatchObject({ code: 'invalid_argument' })
  expect(t.names('apps/one')).toEqual([])
})

test('who transfers a resource names it once', async () => {
  await using t = await setUp()
  const id = await t.one('web', 'a')
  for (const how of ['move', 'copy'] as const) {
    const transfer = { type: 'deploy', from: 'web', to: 'db', ids: [id, id] }
    await expect(t.resources[how](transfer)).rejects.toMatchObject({
      code: 'invalid_argument',
      details: { field: 'ids', id },
    })
  }
  expect(t.names('web')).toEqual(['a'])
})

test('a hundred who add at once lose nothing, and neither do a hundred who change one', async () => {
  await using t = await setUp()
  const hundred = Array.from({ length: 100 }, (_, at) => String(at))
  await Promise.all(hundred.map((at) => t.one('web', at)))
  expect(t.names('web')).toHaveLength(100)
  const id = await t.one('db', 'shared')
  await Promise.all(hundred.map((at) => t.resources.merge({ type: 'deploy', id }, { [at]: at })))
  const [shared] = t.resources.byId('deploy', id)
  expect(Object.keys(shared?.properties ?? {})).toHaveLength(101)
})

test('of a hundred who add the same key at once one wins', async () => {
  await using t = await setUp()
  const ends = await Promise.allSettled(Array.from({ length: 100 }, () => t.one('web', 'same')))
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const end of ends) {
    if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'already_exists' })
  }
})

test('a repetition answers as the first did', async () => {
  await using t = await setUp()
  const idempotency = { key: 'k', request: 'r' }
  const first = await t.resources.add(PLACE, named('a'), { idempotency })
  expect(await t.resources.add(PLACE, named('a'), { idempotency })).toEqual(first)
})

test('what a namespace holds goes with it', async () => {
  await using t = await setUp()
  await t.one('web', 'a')
  const id = await t.one('web', 'b')
  await t.resources.delete({ type: 'deploy', id })
  await t.namespaces.delete('web')
  expect(t.names('')).toEqual([])
  await t.namespaces.create('', { name: 'web', kind: 'leaf' })
  expect(t.names('web')).toEqual([])
})
