import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { aLittleLater } from '../../testing/tree-content.ts'

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

test('a namespace begins with the templates that were there before it, whichever node changed them', async () => {
  await using t = await setUp()
  await using other = await t.harness.another('n2')
  const place = { type: 'alarm', ns: 'apps', template: true }
  for (let round = 0; round < 25; round += 1) {
    const [added, created] = await Promise.all([
      other.catalog.resources.add(place, named(`a${round}`)),
      aLittleLater(round, () => t.namespaces.create('apps', { name: `x${round}`, kind: 'leaf' })),
    ])
    const isBefore = added.revision < created.revision
    expect(t.names(`apps/x${round}`).includes(`a${round}`)).toBe(isBefore)

    const id = added.resources[0]?.id ?? ''
    const [deleted, next] = await Promise.all([
      other.catalog.resources.delete({ ...place, id }),
      aLittleLater(round, () => t.namespaces.create('apps', { name: `y${round}`, kind: 'leaf' })),
    ])
    const isGone = deleted.revision < next.revision
    expect(t.names(`apps/y${round}`).includes(`a${round}`)).toBe(!isGone)
  }
})
