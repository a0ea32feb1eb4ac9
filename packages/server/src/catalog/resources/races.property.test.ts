/**
 * Two planes on one engine, as two nodes are: whatever they do at once, the catalog is one that a
 * single one could have made, and nothing that was answered is lost.
 */

import { RegistryError } from '@rollcall/protocol/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { checkTreeKeys, endings, expectSameTree } from '../../testing/tree-content.ts'
import type { CatalogPlane } from '../plane.ts'

const TYPES = ['deploy', 'note', 'machine']
const PATHS = ['', 'a', 'b', 'a/a', 'a/b', 'b/a', 'b/b', 'pool']
const path = fc.constantFrom(...PATHS)
const name = fc.constantFrom('a', 'b')
const kind = fc.constantFrom('leaf' as const, 'inner' as const)
const type = fc.constantFrom('deploy', 'note')
const id = fc.constantFrom('i1', 'i2', 'i3')
const host = fc.constantFrom('h1', 'h2')

type Act = (catalog: CatalogPlane) => Promise<unknown>

const act: fc.Arbitrary<readonly [string, Act]> = fc.oneof(
  fc
    .tuple(path, name, kind)
    .map(([parent, name, kind]): [string, Act] => [
      `create ${kind} ${name} in ${parent}`,
      (c) => c.namespaces.create(parent, { name, kind, match: kind === 'leaf' ? 'h' : undefined }),
    ]),
  fc
    .tuple(path, path, name)
    .map(([from, parent, name]): [string, Act] => [
      `move ${from} to ${parent}/${name}`,
      (c) => c.namespaces.change(from, { parent, name }),
    ]),
  path.map((path): [string, Act] => [`delete ${path}`, (c) => c.namespaces.delete(path)]),
  fc
    .tuple(path, type, name, fc.option(id, { nil: undefined }))
    .map(([ns, type, name, id]): [string, Act] => [
      `add ${type} ${name} ${id ?? ''} to ${ns}`,
      (c) => c.resources.add({ type, ns }, { id, properties: { name } }),
    ]),
  fc
    .tuple(path, name)
    .map(([ns, name]): [string, Act] => [
      `template ${name} in ${ns}`,
      (c) => c.resources.add({ type: 'deploy', ns, template: true }, { properties: { name } }),
    ]),
  fc
    .tuple(type, id, name)
    .map(([type, id, name]): [string, Act] => [
      `rename ${type} ${id} to ${name}`,
      (c) => c.resources.merge({ type, id }, { name }),
    ]),
  fc
    .tuple(type, id)
    .map(([type, id]): [string, Act] => [
      `remove ${type} ${id}`,
      (c) => c.resources.delete({ type, id }),
    ]),
  fc
    .tuple(path, path, id)
    .map(([from, to, id]): [string, Act] => [
      `move ${id} from ${from} to ${to}`,
      (c) => c.resources.move({ type: 'deploy', from, to, ids: [id] }),
    ]),
  fc
    .tuple(path, fc.uniqueArray(fc.tuple(id, name), { selector: ([id]) => id, maxLength: 2 }))
    .map(([ns, rows]): [string, Act] => [
      `replace ${ns} by ${rows.join(' ')}`,
      (c) =>
        c.resources.replace(
          { type: 'deploy', ns },
          rows.map(([id, name]) => ({ id, properties: { name } })),
        ),
    ]),
  host.map((host): [string, Act] => [`register ${host}`, (c) => c.machines.register(host, {})]),
  host.map((host): [string, Act] => [`remove ${host}`, (c) => c.machines.remove(host)]),
  fc
    .tuple(path, host)
    .map(([ns, hostname]): [string, Act] => [
      `put ${hostname} into ${ns}`,
      (c) => c.resources.add({ type: 'machine', ns }, { properties: { hostname } }),
    ]),
)

const together = fc.array(fc.tuple(fc.nat(1), act), { minLength: 2, maxLength: 6 })

test('whatever two nodes do at once, both hold one tree, and so does who reads it anew', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(together, { maxLength: 12 }), async (rounds) => {
      await using harness = await setUpCatalog()
      await using other = await harness.another('n2')
      const planes = [harness.catalog, other.catalog]
      for (const round of rounds) {
        await endings(
          harness.clock,
          round.map(([at, [, act]]) => act(planes[at] as CatalogPlane)),
        )
        expectSameTree(harness.catalog, other.catalog, TYPES)
        await checkTreeKeys(harness.engine, harness.catalog)
      }
      await using anew = await harness.another('n3')
      expectSameTree(harness.catalog, anew.catalog, TYPES)
      for (const { machines } of planes) {
        expect(machines.find('h1')).toHaveLength(anew.catalog.machines.find('h1').length)
      }
    }),
    { numRuns: 150 },
  )
})

test('two moves at once make no ring, and two deletes leave nothing behind', async () => {
  await using harness = await setUpCatalog()
  await using other = await harness.another('n2')
  const { namespaces } = harness.catalog
  for (let round = 0; round < 10; round += 1) {
    const both = ['a', 'b'].map((name) => namespaces.create('', { name, kind: 'inner' }))
    await endings(harness.clock, both)
    const ends = await endings<unknown>(harness.clock, [
      namespaces.change('a', { parent: 'b' }),
      other.catalog.namespaces.change('b', { parent: 'a' }),
    ])
    const codes = ends.map((end) => (end instanceof RegistryError ? end.code : 'done'))
    expect(codes.toSorted()).toEqual(['done', expect.stringMatching(/not_found|would_cycle/)])
    await checkTreeKeys(harness.engine, harness.catalog)
    const inner = codes[0] === 'done' ? 'b/a' : 'a/b'
    const gone = () => namespaces.delete(inner)
    const filled = () => other.catalog.namespaces.create(inner, { name: 'x', kind: 'leaf' })
    const order = round % 4 < 2 ? [gone, filled] : [filled, gone]
    await endings<unknown>(
      harness.clock,
      order.map((act) => act()),
    )
    await checkTreeKeys(harness.engine, harness.catalog)
    for (const { path } of [...namespaces.below('')].toReversed()) {
      if (path === '' || path === 'pool') continue
      await endings(harness.clock, [namespaces.delete(path)])
    }
  }
})

test('of what two nodes change in one resource at once nothing is lost', async () => {
  await using harness = await setUpCatalog()
  await using other = await harness.another('n2')
  const { resources } = harness.catalog
  const target = { type: 'note', id: 'shared' }
  await resources.add({ type: 'note', ns: 'pool' }, { id: 'shared', properties: { by: 'all' } })
  const names = Array.from({ length: 100 }, (_, at) => `p${at}`)
  const ends = await endings(
    harness.clock,
    names.map((name, at) => {
      const by = at % 2 === 0 ? resources : other.catalog.resources
      return by.merge(target, { [name]: 'x' })
    }),
  )
  const [shared] = resources.byId('note', 'shared')
  let done = 0
  for (const [at, end] of ends.entries()) {
    const isDone = !(end instanceof RegistryError)
    if (isDone) done += 1
    else expect(end).toMatchObject({ code: 'revision_conflict' })
    expect(Object.hasOwn(shared?.properties ?? {}, names[at] ?? '')).toBe(isDone)
  }
  expect(done).toBeGreaterThan(50)
})

test('lists that two nodes replace at once are one or the other, never both', async () => {
  await using harness = await setUpCatalog()
  await using other = await harness.another('n2')
  const place = { type: 'deploy', ns: 'pool' }
  const rows = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, at) => ({ properties: { name: `${prefix}${at}` } }))
  for (const count of [1, 3, 200]) {
    await endings(harness.clock, [
      harness.catalog.resources.replace(place, rows('a', count)),
      other.catalog.resources.replace(place, rows('b', count)),
    ])
    const { resources } = harness.catalog.resources.list({ ...place, limit: 1_000 })
    expect(resources).toHaveLength(count)
    expect(new Set(resources.map(({ properties }) => properties['name']?.[0])).size).toBe(1)
  }
})
