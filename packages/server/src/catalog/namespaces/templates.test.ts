import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'

const named = (name: string) => ({ properties: { name } })

async function setUp() {
  const harness = await setUpCatalog()
  const { namespaces, resources } = harness.catalog
  await namespaces.create('', { name: 'apps', kind: 'inner' })
  const template = (name: string, type = 'alarm') =>
    resources.add({ type, ns: 'apps', template: true }, named(name))
  const names = (ns: string, template = false, type = 'alarm') =>
    resources
      .list({ type, ns, template, limit: 99 })
      .resources.map(({ properties }) => properties['name'])
  return {
    harness,
    namespaces,
    resources,
    template,
    names,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  }
}

test('a leaf begins with the templates of its parent as resources, an inner one with them as templates', async () => {
  await using t = await setUp()
  await t.template('cpu')
  await t.template('disk')
  await t.template('logs', 'collect')
  const { namespace, revision } = await t.namespaces.create('apps', { name: 'web', kind: 'leaf' })
  expect(t.names('apps/web')).toEqual(['cpu', 'disk'])
  expect(t.names('apps/web', false, 'collect')).toEqual(['logs'])
  expect(t.resources.byKey('alarm', 'apps/web', 'cpu')).toMatchObject({ revision })
  expect(t.namespaces.tree('apps/web', 0).resources).toEqual(
    new Map([
      ['alarm', 2],
      ['collect', 1],
    ]),
  )
  expect(t.namespaces.byId(namespace.id)?.revision).toBe(revision)

  await t.namespaces.create('apps', { name: 'more', kind: 'inner' })
  expect(t.names('apps/more')).toEqual([])
  expect(t.names('apps/more', true)).toEqual(['cpu', 'disk'])
  await t.namespaces.create('apps/more', { name: 'x', kind: 'leaf' })
  expect(t.names('apps/more/x')).toEqual(['cpu', 'disk'])
})

test('copies have ids of their own, and later changes of a template leave them alone', async () => {
  await using t = await setUp()
  const { resources } = await t.template('cpu')
  const id = resources[0]?.id ?? ''
  await t.namespaces.create('apps', { name: 'web', kind: 'leaf' })
  expect(t.resources.byId('alarm', id)).toEqual([])
  await t.resources.merge({ type: 'alarm', id, template: true }, { name: 'memory' })
  await t.template('disk')
  expect(t.names('apps/web')).toEqual(['cpu'])
  await t.resources.delete({ type: 'alarm', id, ns: 'apps', template: true })
  expect(t.names('apps', true)).toEqual(['disk'])
})

test('templates that another node changes at once are copied as they are before or after, never a mixture', async () => {
  await using t = await setUp()
  await using other = await t.harness.another('n2')
  const sets = [
    ['a1', 'a2', 'a3'],
    ['b1', 'b2', 'b3'],
  ]
  const place = { type: 'alarm', ns: 'apps', template: true }
  await t.resources.replace(place, sets[0]?.map(named) ?? [])
  for (let round = 0; round < 10; round += 1) {
    const name = `web-${round}`
    await Promise.all([
      other.catalog.resources.replace(place, sets[(round + 1) % 2]?.map(named) ?? []),
      t.namespaces.create('apps', { name, kind: 'leaf' }),
    ])
    expect(sets).toContainEqual(t.names(`apps/${name}`))
  }
})
