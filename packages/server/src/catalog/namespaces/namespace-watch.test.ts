import { RegistryError } from '@rollcall/protocol/errors'
import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import type { NamespaceChanges } from '../resource-catalog.ts'

async function setUp() {
  const harness = await setUpCatalog()
  const { namespaces, resources } = harness.catalog
  for (const name of ['a', 'b']) await namespaces.create('', { name, kind: 'inner' })
  await namespaces.create('a', { name: 'leaf', kind: 'leaf' })
  const listen = (path: string) => {
    const heard: NamespaceChanges[] = []
    const off = namespaces.subscribe(path, (changes) => heard.push(changes))
    return { heard, off }
  }
  const add = (ns: string, name: string) =>
    resources.add({ type: 'deploy', ns }, { properties: { name } })
  return {
    harness,
    namespaces,
    resources,
    listen,
    add,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  }
}

test('a listener hears of what changes at its namespace or below, and of no other', async () => {
  await using t = await setUp()
  const root = t.listen('')
  const a = t.listen('a')
  const b = t.listen('b')
  const { namespace, revision } = await t.namespaces.create('a', { name: 'new', kind: 'leaf' })
  const created = { revision, changes: [{ kind: 'created', namespace }] }
  expect(a.heard).toEqual([created])
  expect(root.heard).toEqual([created])
  await t.namespaces.change('a', { comment: 'x' })
  expect(a.heard[1]?.changes).toEqual([{ kind: 'changed', namespace: t.namespaces.get('a') }])
  await t.namespaces.delete('a/new')
  expect(a.heard[2]?.changes).toEqual([{ kind: 'deleted', path: 'a/new', id: namespace.id }])
  expect(b.heard).toEqual([])
  a.off()
  await t.namespaces.change('a', { comment: 'y' })
  expect(a.heard).toHaveLength(3)
})

test('resources that came, changed or went are told in one piece for each list and revision', async () => {
  await using t = await setUp()
  await t.namespaces.create('b', { name: 'leaf', kind: 'leaf' })
  const id = (await t.add('a/leaf', 'one')).resources[0]?.id ?? ''
  const root = t.listen('')
  const { resources, revision } = await t.resources.batch('deploy', [
    { delete: { ns: 'a/leaf', id } },
    { add: { ns: 'a/leaf', properties: { name: 'two' } } },
    { add: { ns: 'b/leaf', properties: { name: 'three' } } },
  ])
  const list = { kind: 'resources', type: 'deploy' }
  expect(root.heard).toEqual([
    {
      revision,
      changes: [
        { ...list, path: 'a/leaf', upserted: [resources[1]], removed: [id] },
        { ...list, path: 'b/leaf', upserted: [resources[2]], removed: [] },
      ],
    },
  ])
  // Another key is another place for it, not its end.
  const renamed = await t.resources.merge(
    { type: 'deploy', id: resources[1]?.id ?? '' },
    { name: 'z' },
  )
  expect(root.heard[1]?.changes).toEqual([
    { ...list, path: 'a/leaf', upserted: renamed.resources, removed: [] },
  ])
  await t.resources.add({ type: 'deploy', ns: 'a', template: true }, { properties: { name: 't' } })
  expect(root.heard[2]?.changes).toMatchObject([{ kind: 'templates', path: 'a' }])
})

test('a move is told where it went away and where it came, and what follows at the new place', async () => {
  await using t = await setUp()
  const a = t.listen('a')
  const b = t.listen('b')
  const leaf = t.listen('a/leaf')
  await t.namespaces.change('a/leaf', { parent: 'b', name: 'moved' })
  const moved = [{ kind: 'moved', path: 'a/leaf', namespace: t.namespaces.get('b/moved') }]
  for (const { heard } of [a, b, leaf]) expect(heard[0]?.changes).toEqual(moved)
  await t.namespaces.change('b', { name: 'c' })
  // Who looks below a move is taken along by it.
  const above = [{ kind: 'moved', path: 'b', namespace: t.namespaces.get('c') }]
  expect(leaf.heard[1]?.changes).toEqual(above)
  await t.add('c/moved', 'one')
  expect(leaf.heard[2]?.changes).toMatchObject([{ kind: 'resources', path: 'c/moved' }])
  expect(t.namespaces.changesSince('c/moved', leaf.heard[0]?.revision ?? 0)).toEqual(
    leaf.heard.slice(1),
  )
  expect(b.heard.map(({ changes }) => changes[0]?.kind)).toEqual(['moved', 'moved', 'resources'])
  expect(a.heard).toHaveLength(1)
})

test('a namespace that goes takes along what it holds without telling of it', async () => {
  await using t = await setUp()
  await t.add('a/leaf', 'one')
  const a = t.listen('a')
  await t.namespaces.delete('a/leaf')
  expect(a.heard.map(({ changes }) => changes)).toMatchObject([[{ kind: 'deleted' }]])
})

test('who comes back is told every revision since, as listeners were, or that it is not known', async () => {
  await using t = await setUp()
  const { viewRevision } = t.harness.catalog.status()
  const a = t.listen('a')
  await t.add('a/leaf', 'one')
  await t.namespaces.create('b', { name: 'x', kind: 'leaf' })
  await t.namespaces.change('a', { name: 'c' })
  await t.namespaces.delete('c/leaf')
  expect(t.namespaces.changesSince('c', viewRevision)).toEqual(a.heard)
  expect(t.namespaces.changesSince('c', a.heard[0]?.revision ?? 0)).toEqual(a.heard.slice(1))
  expect(t.namespaces.changesSince('c', t.harness.catalog.status().viewRevision)).toEqual([])
  expect(t.namespaces.changesSince('c', viewRevision + 1_000)).toBeUndefined()
  expect(() => t.namespaces.changesSince('a', viewRevision)).toThrow(
    expect.objectContaining({ code: 'namespace_not_found' }),
  )
  expect(() => t.namespaces.subscribe('a', () => {})).toThrow(
    expect.objectContaining({ code: 'namespace_not_found' }),
  )
})

test('when changes do not lead on, listeners are told to start over', async () => {
  await using t = await setUp()
  const reasons: string[] = []
  const off = t.namespaces.onRestart((reason) => reasons.push(reason))
  const { viewRevision } = t.harness.catalog.status()
  t.harness.engine.compact()
  await t.harness.clock.advance(10_000)
  expect(reasons).toEqual(['compacted'])
  expect(t.namespaces.changesSince('a', viewRevision - 1)).toBeUndefined()
  off()
  t.harness.engine.endWatches(new RegistryError('generation_changed', 'A test.'))
  await t.harness.clock.advance(10_000)
  expect(reasons).toEqual(['compacted'])
})

test('all who listen at one namespace are handed the very same object', async () => {
  await using t = await setUp()
  const [one, other] = [t.listen('a'), t.listen('a')]
  await t.add('a/leaf', 'one')
  expect(one.heard[0]).toBe(other.heard[0])
})
