import { expect, test } from 'vitest'
import { FAMILY, listVersionKey, rowKey } from '../key-schema.ts'
import type { ResourceRow } from './resource-index.ts'
import { encodeResource } from './resource-record.ts'
import { ResourceTable } from './resource-table.ts'

const keyOf = (nsId: string, type: string, key: string) =>
  rowKey(FAMILY.resource, nsId, { type, key })

function entry(key: string, id: string, modRevision: number) {
  const value = encodeResource({ id, properties: { name: key, at: String(modRevision) } })
  return { key, value, createRevision: modRevision, modRevision, lease: 0 }
}

function setUp() {
  const told: string[] = []
  const name = (row: ResourceRow | undefined) => row && `${row.nsId}/${row.key}@${row.revision}`
  const table = new ResourceTable(FAMILY.resource, [
    {
      put: (row, before) => told.push(`+${name(row)} -${name(before)}`),
      delete: (row) => told.push(`-${name(row)}`),
    },
  ])
  return { table, told }
}

test('rows are found by key, by id, by type and namespace, and counted', () => {
  const { table } = setUp()
  table.put(entry(keyOf('a', 'deploy', 'two'), 'x', 1))
  table.put(entry(keyOf('a', 'deploy', 'one'), 'y', 2))
  table.put(entry(keyOf('b', 'deploy', 'one'), 'y', 3))
  table.put(entry(keyOf('b', 'alarm', 'one'), 'z', 4))

  expect(Array.from(table.rows('deploy', 'a'), ({ key }) => key)).toEqual(['one', 'two'])
  expect(Array.from(table.rows('deploy', 'a', 'one'), ({ key }) => key)).toEqual(['two'])
  expect(table.byId('deploy', 'y').map(({ nsId }) => nsId)).toEqual(['a', 'b'])
  expect(table.byId('alarm', 'y')).toEqual([])
  expect([...table.types()]).toEqual(['deploy', 'alarm'])
  expect([...table.namespacesOf('deploy')]).toEqual(['a', 'b'])
  expect(Object.fromEntries(table.counts('b'))).toEqual({ deploy: 1, alarm: 1 })
  expect(table.row('alarm', 'b', 'one')).toMatchObject({ id: 'z', revision: 4 })
  expect(table.size).toBe(4)

  for (const ns of ['a', 'b']) table.delete(keyOf(ns, 'deploy', 'one'))
  table.delete(keyOf('a', 'deploy', 'two'))
  table.settle()
  expect(Array.from(table.types())).toEqual(['alarm'])
  for (let time = 0; time < 2; time += 1) {
    table.delete(keyOf('b', 'alarm', 'one'))
    table.settle()
  }
  expect(table.size).toBe(0)
  expect([...table.types()]).toEqual([])
  expect(table.byId('deploy', 'y')).toEqual([])
})

test('an index hears of each row that comes and goes, and of what stood in its place', () => {
  const { table, told } = setUp()
  table.put(entry(keyOf('a', 'deploy', 'one'), 'x', 1))
  table.put(entry(keyOf('a', 'deploy', 'one'), 'x', 2))
  table.delete(keyOf('a', 'deploy', 'one'))
  expect(told).toEqual(['+a/one@1 -undefined', '+a/one@2 -a/one@1', '-a/one@2'])
})

test('what a revision takes away is told of in turn with what it puts, and then gone from every list', () => {
  const { table, told } = setUp()
  const names = ['one', 'three', 'two']
  for (const name of names) table.put(entry(keyOf('a', 'deploy', name), name, 1))
  told.length = 0
  for (const name of names) {
    table.delete(keyOf('a', 'deploy', name))
    table.put(entry(keyOf('b', 'deploy', name), name, 2))
  }
  table.put(entry(keyOf('b', 'deploy', 'four'), 'four', 2))
  table.settle()
  expect(told).toEqual([
    ...names.flatMap((name) => [`-a/${name}@1`, `+b/${name}@2 -undefined`]),
    '+b/four@2 -undefined',
  ])
  expect(Array.from(table.namespacesOf('deploy'))).toEqual(['b'])
  expect(Array.from(table.rows('deploy', 'b'), ({ key }) => key)).toEqual(['four', ...names])
  expect(table.byId('deploy', 'two').map(({ nsId }) => nsId)).toEqual(['b'])
  expect(table.size).toBe(4)

  // A list that is kept for its revision alone loses its rows as well.
  table.put(entry(listVersionKey(FAMILY.resource, 'b', 'deploy'), '', 3))
  for (const name of [...names, 'four']) table.delete(keyOf('b', 'deploy', name))
  table.settle()
  expect(Array.from(table.rows('deploy', 'b'))).toEqual([])
  expect(table.listRevision('deploy', 'b')).toBe(3)
  table.put(entry(keyOf('b', 'deploy', 'one'), 'one', 4))
  table.settle()
  expect(table.countOf('deploy', 'b')).toBe(1)
})

test('rows that were read ahead are put as any others, and are not there before', () => {
  const { table, told } = setUp()
  const changes = ['one', 'two'].map((name) => ({
    kind: 'put' as const,
    entry: entry(keyOf('a', 'deploy', name), name, 1),
  }))
  const [, second] = changes
  // Given up after the first: what was read is read anew.
  for (const _ of table.readAhead(changes)) break
  expect(
    Array.from(table.readAhead([...changes, { kind: 'delete', key: 'r/a/deploy/x' }])),
  ).toHaveLength(2)
  expect(table.size).toBe(0)
  expect(told).toEqual([])
  for (const change of changes) table.put(change.entry)
  // What was read counts once.
  if (second) table.put({ ...second.entry, ...entry(second.entry.key, 'else', 2) })
  expect(Array.from(table.rows('deploy', 'a'), ({ id }) => id)).toEqual(['one', 'else'])
})

test('a list knows when it changed last, also by what left it', () => {
  const { table } = setUp()
  table.put(entry(keyOf('a', 'deploy', 'one'), 'x', 1))
  table.delete(keyOf('a', 'deploy', 'one'))
  table.settle()
  expect(table.listRevision('deploy', 'a')).toBe(0)

  table.put(entry(keyOf('a', 'deploy', 'one'), 'x', 3))
  table.put({ ...entry(listVersionKey(FAMILY.resource, 'a', 'deploy'), '', 4) })
  table.delete(keyOf('a', 'deploy', 'one'))
  table.settle()
  expect(table.listRevision('deploy', 'a')).toBe(4)
  table.delete(listVersionKey(FAMILY.resource, 'a', 'deploy'))
  table.settle()
  expect(table.listRevision('deploy', 'a')).toBe(0)
})
