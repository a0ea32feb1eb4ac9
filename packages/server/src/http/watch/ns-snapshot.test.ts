import type { NsSnapshotEvent } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { CatalogTopic } from './catalog-topic.ts'
import { NsFeed } from './ns-feed.ts'
import { PathSet } from './path-set.ts'
import type { Opening } from './topic.ts'
import { Turns } from './turns.ts'

const ROWS = 2_500

/** A leaf `a/m` with more rows than a page holds, and others beside it. */
async function setUp(...paths: readonly string[]) {
  const t = await setUpCatalog()
  const { catalog, clock } = t
  const { namespaces, resources } = catalog
  await namespaces.create('', { name: 'a', kind: 'inner' })
  await namespaces.create('', { name: 'b', kind: 'inner' })
  await namespaces.create('a', { name: 'm', kind: 'leaf' })
  await namespaces.create('a', { name: 'z', kind: 'leaf' })
  const operations = Array.from({ length: ROWS }, (_, at) => ({
    add: { ns: 'a/m', id: `r${at}`, properties: { name: `n${String(at).padStart(4, '0')}` } },
  }))
  await resources.batch('collect', operations)
  await resources.add({ type: 'collect', ns: 'a/z' }, { id: 'last', properties: { name: 'last' } })
  const turns = new Turns(clock)
  const topic = new CatalogTopic({
    feed: new NsFeed(catalog, new PathSet(paths)),
    clock,
    turns,
  })
  topic.subscribe({ change: () => {}, restart: () => {} })
  return Object.assign(t, { namespaces, resources, topic, opening: topic.snapshot() })
}

function pageOf(opening: Opening): NsSnapshotEvent | undefined {
  const next = opening.next()
  if (!next || 'startOver' in next) return undefined
  const [, json = ''] = /^data: (.*)$/m.exec(next.event.toString()) ?? []
  return JSON.parse(json) as NsSnapshotEvent
}

function restOf(opening: Opening): NsSnapshotEvent[] {
  const pages: NsSnapshotEvent[] = []
  for (let page = pageOf(opening); page; page = pageOf(opening)) pages.push(page)
  return pages
}

const idsOf = (pages: readonly (NsSnapshotEvent | undefined)[]) =>
  new Set(pages.flatMap((page) => page?.resources.map(({ id }) => id) ?? []))

test('every namespace and every resource is on one page', async () => {
  await using t = await setUp('')
  const pages = restOf(t.opening)
  expect(pages.flatMap(({ namespaces }) => namespaces.map(({ path }) => path)).sort()).toEqual([
    '',
    'a',
    'a/m',
    'a/z',
    'b',
    'pool',
  ])
  expect(pages.flatMap(({ resources }) => resources)).toHaveLength(ROWS + 1)
  expect(idsOf(pages).size).toBe(ROWS + 1)
  expect(pages.map(({ more }) => more)).toEqual([...pages.slice(1).map(() => true), false])
})

test.each(['a', 'zz'])(
  'a leaf that becomes %s between two pages loses none of its rows',
  async (name) => {
    await using t = await setUp('a')
    const first = pageOf(t.opening)
    await t.namespaces.change('a/m', { name })
    const rest = restOf(t.opening)
    expect(idsOf([first, ...rest]).size).toBe(ROWS + 1)
    expect(rest[0]?.resources[0]?.ns).toBe(`a/${name}`)
  },
)

test('what is above it may be renamed between two pages', async () => {
  await using t = await setUp('')
  const first = pageOf(t.opening)
  await t.namespaces.change('a', { parent: 'b' })
  const rest = restOf(t.opening)
  expect(idsOf([first, ...rest]).size).toBe(ROWS + 1)
  expect(rest.at(-1)?.resources.at(-1)?.ns).toBe('b/a/z')
})

test('of what is moved away or deleted between two pages nothing more is told', async () => {
  await using t = await setUp('a')
  const first = pageOf(t.opening)
  await t.namespaces.change('a/m', { parent: 'b' })
  await t.resources.delete({ type: 'collect', id: 'last' })
  await t.namespaces.delete('a/z')
  const rest = restOf(t.opening)
  expect(idsOf(rest).size).toBe(0)
  expect(rest.flatMap(({ namespaces }) => namespaces)).toEqual([])
  expect(idsOf([first]).size).toBeGreaterThan(0)
})

test('whoever comes next gets the same bytes where one page holds all, until something changes', async () => {
  await using t = await setUp('a/z')
  const [first, second] = [t.opening.next(), t.topic.snapshot().next()]
  expect(second).toBe(first)
  await t.resources.merge({ type: 'collect', id: 'last' }, { more: 'x' })
  expect(t.topic.snapshot().next()).not.toBe(first)
})
