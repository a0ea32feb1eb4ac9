import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { FAMILY, namespaceKey, rowKey } from '../key-schema.ts'
import { PATTERN_LIMITS, SEARCH_LIMITS } from '../limits.ts'
import { encodeNamespace, ROOT_ID } from '../namespaces/namespace-record.ts'
import type { SearchQuery } from '../resource-catalog.ts'
import { encodeResource } from '../resources/resource-record.ts'
import { ViewTables } from '../view/tables.ts'
import { ResourceSearch } from './resource-search.ts'

/** Hosts `web-0` on, in turn in `shop/web` and `shop/db`, every tenth of them down. */
function setUp({ hosts = 100 } = {}) {
  const tables = new ViewTables()
  const put = (key: string, value: Uint8Array) => {
    tables.put({ key, value, createRevision: 1, modRevision: 1, lease: 0 })
  }
  const place = (id: string, parent: string, kind: 'inner' | 'leaf') => {
    const record = { parent, name: id, kind, match: undefined, comment: '' }
    put(namespaceKey(id), encodeNamespace(record))
  }
  place('shop', ROOT_ID, 'inner')
  place('web', 'shop', 'leaf')
  place('db', 'shop', 'leaf')
  place('other', ROOT_ID, 'leaf')
  const add = (nsId: string, type: string, properties: Record<string, string>) => {
    const id = `id-${nsId}-${properties['hostname']}`
    put(rowKey(FAMILY.resource, nsId, { type, key: id }), encodeResource({ id, properties }))
  }
  for (let at = 0; at < hosts; at += 1) {
    const status = at % 10 === 0 ? 'offline' : 'online'
    add(at % 2 === 0 ? 'web' : 'db', 'machine', { hostname: `web-${at}`, status })
  }
  const clock = new FakeClock()
  const { search } = new ResourceSearch({ tables, options: { clock } })
  const find = async (query: Partial<SearchQuery>) =>
    search({ ns: '', value: '', mode: 'exact', limit: 1_000, ...query })
  const names = async (query: Partial<SearchQuery>) => {
    const { hits } = await find(query)
    return hits.map(({ properties }) => properties['hostname']).sort()
  }
  return { add, clock, find, names, search, tables }
}

test('a value is found exactly, by its beginning, by a part, by a pattern', async () => {
  const { names } = setUp()
  expect(await names({ value: 'web-1' })).toEqual(['web-1'])
  expect(await names({ value: 'web-1', mode: 'prefix' })).toHaveLength(11)
  expect(await names({ value: 'b-1', mode: 'contains' })).toHaveLength(11)
  expect(await names({ value: '^web-[12]$', mode: 'regex' })).toEqual(['web-1', 'web-2'])
  expect(await names({ value: 'WEB-1' })).toEqual([])
})

test('by one property, by the id, of one type, below a namespace', async () => {
  const { add, find, names } = setUp({ hosts: 20 })
  add('other', 'deploy', { hostname: 'online', status: 'web-1' })

  expect(await names({ key: 'hostname', value: 'web-1' })).toEqual(['web-1'])
  expect(await names({ key: 'status', value: 'web-1' })).toEqual(['online'])
  expect(await names({ key: '_id', value: 'id-db-web-1' })).toEqual(['web-1'])
  expect(await names({ key: 'none', value: 'web-1' })).toEqual([])
  expect(await names({ value: 'online', type: 'deploy' })).toEqual(['online'])
  expect(await names({ value: 'online' })).toHaveLength(19)
  expect(await names({ value: 'online', ns: 'shop' })).toHaveLength(18)
  expect(await names({ value: 'online', ns: 'shop/web' })).toHaveLength(8)
  await expect(find({ ns: 'shop/none' })).rejects.toMatchObject({ code: 'namespace_not_found' })
})

test('a hit says where the resource is and which properties matched', async () => {
  const { find } = setUp({ hosts: 2 })
  const { hits } = await find({ value: 'web-1', mode: 'contains' })
  expect(hits).toEqual([
    {
      id: 'id-db-web-1',
      ns: 'shop/db',
      type: 'machine',
      properties: { hostname: 'web-1', status: 'online' },
      revision: 1,
      matched: ['_id', 'hostname'],
    },
  ])
})

test('pages lead on from each other, whatever is renamed, deleted or added between', async () => {
  const { find, tables } = setUp({ hosts: 90 })
  const told: string[] = []
  let after: string | undefined
  for (let page = 0; after !== undefined || page === 0; page += 1) {
    const { hits, next } = await find({ value: 'online', limit: 10, after })
    told.push(...hits.map(({ id }) => id))
    after = next
    // What the cursor names goes.
    const last = hits.at(-1)
    if (last) {
      const nsId = last.ns.split('/').at(-1) ?? ''
      const key = rowKey(FAMILY.resource, nsId, { type: 'machine', key: last.id })
      tables.apply([{ kind: 'delete', key }])
    }
    const renamed = { parent: ROOT_ID, name: `shop-${page}`, kind: 'inner' as const }
    const value = encodeNamespace({ ...renamed, match: undefined, comment: '' })
    const key = namespaceKey('shop')
    tables.put({ key, value, createRevision: 1, modRevision: page, lease: 0 })
  }
  expect(new Set(told).size).toBe(81)
  expect(told).toHaveLength(81)
})

test('the index answers: what is asked for exactly is not looked for among others', async () => {
  const { find } = setUp({ hosts: 5_000 })
  const scannedOf = async (query: Partial<SearchQuery>) => (await find(query)).scanned
  expect(await scannedOf({ key: 'hostname', value: 'web-77' })).toBeLessThan(10)
  expect(await scannedOf({ value: 'web-77' })).toBeLessThan(10)
  expect(await scannedOf({ value: 'web-77', mode: 'prefix' })).toBeLessThan(200)
  // Each value once, however many have it.
  const contains = { key: 'status', value: 'off', mode: 'contains', limit: 1 } as const
  expect(await scannedOf(contains)).toBeLessThan(10)
  // In a small place only what is there.
  expect(await scannedOf({ ns: 'other', value: 'e', mode: 'contains' })).toBe(0)
})

test('what is searched for is limited, and a pattern has to be one', async () => {
  const { find } = setUp({ hosts: 1 })
  const invalid = { code: 'invalid_argument' }
  await expect(find({ value: '(', mode: 'regex' })).rejects.toMatchObject({
    ...invalid,
    details: { field: 'value', reason: 'missing closing ): `(`' },
  })
  const exceeded = { code: 'limit_exceeded' }
  const long = 'a'.repeat(PATTERN_LIMITS.characters + 1)
  await expect(find({ value: long, mode: 'regex' })).rejects.toMatchObject(exceeded)
  expect(await find({ value: long })).toMatchObject({ hits: [] })
  const tooLong = 'a'.repeat(SEARCH_LIMITS.valueCharacters + 1)
  await expect(find({ value: tooLong })).rejects.toMatchObject(exceeded)
  for (const limit of [0, 1.5, SEARCH_LIMITS.hits + 1]) {
    await expect(find({ limit })).rejects.toMatchObject(invalid)
  }
  for (const after of ['', 'A', '-1', '0.5', 'zzzzzzzzzzz', 'zzzzzzzzzzzz']) {
    await expect(find({ after })).rejects.toMatchObject(invalid)
  }
})

test('a search that nobody waits for ends', async () => {
  const { clock, search } = setUp({ hosts: 5_000 })
  const ending = new AbortController()
  const query = { ns: '', value: 'x{3}', mode: 'regex', limit: 1 } as const
  const found = search(query, ending.signal)
  ending.abort()
  await Promise.all([
    expect(found).rejects.toMatchObject({ code: 'unavailable' }),
    clock.advance(0),
  ])
  await expect(search(query, ending.signal)).rejects.toMatchObject({ code: 'unavailable' })
})

test('a search that ends while it takes over what changed lets the next one in', async () => {
  const { clock, find, search } = setUp({ hosts: 2_000 })
  const ending = new AbortController()
  const query = { ns: '', value: 'web-1', mode: 'exact', limit: 9 } as const
  const ended = search(query, ending.signal)
  ended.catch(() => {})
  ending.abort()
  await clock.advance(0)
  await expect(ended).rejects.toMatchObject({ code: 'unavailable' })
  const next = find({ value: 'web-1' })
  await clock.advance(0)
  await expect(next).resolves.toMatchObject({ hits: [{ ns: 'shop/db' }] })
})
