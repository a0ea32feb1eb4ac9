import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { rowKey } from '../key-schema.ts'
import { encodeResource } from '../resources/resource-record.ts'
import { ViewTables } from './tables.ts'

function entry(name: string, revision: number) {
  return {
    key: rowKey('r', 'ns', { type: 'deploy', key: name }),
    value: encodeResource({ id: name, properties: { name } }),
    createRevision: revision,
    modRevision: revision,
    lease: 0,
  }
}

test('searches hear of what was read when all of it was, and of each change from then on', async () => {
  const clock = new FakeClock()
  const tables = new ViewTables(clock)
  const names = Array.from({ length: 300 }, (_, at) => `n${at}`)
  for (const name of names) tables.put(entry(name, 1))
  await clock.advance(0)
  expect(tables.search.behind).toBe(0)
  expect(tables.search.index.table('name')).toBeUndefined()

  await tables.openSearch(clock)
  expect(tables.search.behind).toBe(names.length)
  await clock.advance(0)
  expect(tables.search.behind).toBe(0)
  expect(tables.search.index.table('name')?.size).toBe(names.length)

  tables.apply([{ kind: 'delete', key: entry('n0', 1).key }])
  await clock.advance(0)
  expect(tables.search.index.table('name')?.size).toBe(names.length - 1)
  tables.put(entry('more', 2))
  await clock.advance(0)
  expect(tables.search.index.table('name')?.size).toBe(names.length)
})

test('what a revision did to rows is answered list by list', () => {
  const tables = new ViewTables()
  for (const name of ['old', 'gone']) tables.put(entry(name, 1))
  const put = (name: string, revision: number) => ({
    kind: 'put' as const,
    entry: entry(name, revision),
  })
  const gone = { kind: 'delete' as const, key: entry('gone', 1).key }
  const template = { ...put('a', 2).entry, key: rowKey('t', 'ns', { type: 'deploy', key: 'a' }) }
  const changed = tables.apply([
    put('new', 2),
    gone,
    { kind: 'put', entry: template },
    put('old', 2),
    { kind: 'delete', key: rowKey('r', 'ns', { type: 'alarm', key: 'none' }) },
  ])
  const told = changed.map(({ family, nsId, type, upserted, removed }) => ({
    list: `${family}/${nsId}/${type}`,
    upserted: upserted.map(({ id, revision }) => `${id}@${revision}`),
    removed: [...removed],
  }))
  expect(told).toEqual([
    { list: 'r/ns/deploy', upserted: ['new@2', 'old@2'], removed: ['gone'] },
    { list: 't/ns/deploy', upserted: ['a@2'], removed: [] },
  ])
  expect(tables.apply([put('later', 3)])[0]?.upserted).toHaveLength(1)
})

test('a node that starts finds what was there before, and what comes', async () => {
  await using t = await setUpCatalog()
  const add = (name: string) =>
    t.catalog.resources.add({ type: 'deploy', ns: 'pool' }, { properties: { name } })
  await add('before')
  await using other = await t.another('n2')
  await add('after')
  await t.clock.advance(0)
  const hits = async (value: string) => {
    const query = { ns: '', value, mode: 'exact', limit: 9 } as const
    return (await other.catalog.search(query)).hits.map(({ properties }) => properties)
  }
  expect(await hits('before')).toEqual([{ name: 'before' }])
  expect(await hits('after')).toEqual([{ name: 'after' }])
})
