import type { NsEvent, NsSnapshotEvent } from '@rollcall/protocol'
import { describe, expect, test } from 'vitest'
import { openWatch, setUpApp, type AppSetUp, type WatchEvent } from '../../testing/index.ts'

async function setUp(options: AppSetUp = {}) {
  const t = await setUpApp(options)
  const { port } = await t.listen()
  const { namespaces, resources } = t.catalog.catalog
  const make = async (path: string, kind: 'leaf' | 'inner' = 'leaf') => {
    const names = path.split('/')
    const name = names.pop() ?? ''
    return (await namespaces.create(names.join('/'), { name, kind })).namespace
  }
  const add = async (ns: string, id: string, more: Record<string, string> = {}) => {
    const properties = { name: id, ...more }
    return resources.add({ type: 'collect', ns }, { id, properties })
  }
  return Object.assign(t, {
    namespaces,
    resources,
    make,
    add,
    watch: (query: string, headers?: Record<string, string>) => openWatch(port, query, headers),
  })
}

const pageOf = ({ data }: WatchEvent) => data as unknown as NsSnapshotEvent
const changeOf = ({ data }: WatchEvent) => data as unknown as NsEvent
const pathsOf = (event: WatchEvent) => pageOf(event).namespaces.map(({ path }) => path)

describe('a watch of a namespace', () => {
  test('begins with all that is at the path and below', async () => {
    await using t = await setUp()
    await t.make('shop', 'inner')
    await t.make('shop/db')
    await t.make('other')
    await t.add('shop/db', 'c1')
    await t.add('other', 'c2')
    const template = { properties: { name: 'cpu' } }
    await t.resources.add({ type: 'collect', ns: 'shop', template: true }, template)
    await using watch = await t.watch('ns=shop')
    const first = await watch.next()
    const revision = t.catalog.catalog.status().viewRevision
    expect([first.event, first.id]).toEqual(['ns-snapshot', String(revision)])
    expect(first.data).toMatchObject({
      revision,
      path: 'shop',
      namespaces: [{ path: 'shop', kind: 'inner', match: null }, { path: 'shop/db' }],
      resources: [{ id: 'c1', ns: 'shop/db', type: 'collect', properties: { name: 'c1' } }],
      templates: [{ ns: 'shop', properties: { name: 'cpu' } }],
      more: false,
    })
  })

  test('tells each change once, with an id that is the revision', async () => {
    await using t = await setUp()
    await t.make('shop', 'inner')
    await using watch = await t.watch('ns=shop')
    await watch.next()
    await t.make('other')
    const db = await t.make('shop/db')
    expect(await watch.next()).toMatchObject({
      event: 'ns',
      id: String(db.revision),
      data: { revision: db.revision, path: 'shop/db', kind: 'created', namespace: { id: db.id } },
    })
    const added = await t.add('shop/db', 'c1')
    expect(changeOf(await watch.next())).toMatchObject({
      revision: added.revision,
      path: 'shop/db',
      kind: 'resources',
      type: 'collect',
      upserted: [{ id: 'c1', ns: 'shop/db', properties: { name: 'c1' } }],
      removed: [],
    })
    await t.namespaces.change('shop/db', { comment: 'c' })
    expect(changeOf(await watch.next())).toMatchObject({
      kind: 'changed',
      namespace: { comment: 'c' },
    })
    await t.namespaces.change('shop/db', { name: 'data' })
    expect(changeOf(await watch.next())).toMatchObject({
      path: 'shop/db',
      kind: 'moved',
      namespace: { path: 'shop/data', id: db.id },
    })
    await t.resources.delete({ type: 'collect', id: 'c1' })
    expect(changeOf(await watch.next())).toMatchObject({
      path: 'shop/data',
      kind: 'resources',
      upserted: [],
      removed: ['c1'],
    })
    await t.namespaces.delete('shop/data')
    expect(changeOf(await watch.next())).toMatchObject({
      path: 'shop/data',
      kind: 'deleted',
      id: db.id,
    })
    expect(watch.pending()).toEqual([])
  })

  test('tells what one revision changed in several places together, with one id at its end', async () => {
    await using t = await setUp()
    await t.make('a')
    await t.make('b')
    await t.add('a', 'c1')
    await using watch = await t.watch('ns=')
    await watch.next()
    const moved = await t.resources.move({ type: 'collect', from: 'a', to: 'b', ids: ['c1'] })
    const [first, second] = [await watch.next(), await watch.next()]
    expect([first.id, second.id]).toEqual([undefined, String(moved.revision)])
    expect([changeOf(first).more, changeOf(second).more]).toEqual([true, undefined])
    const told = [first, second].map((event) => changeOf(event))
    expect(told.find(({ path }) => path === 'a')).toMatchObject({ removed: ['c1'], upserted: [] })
    expect(told.find(({ path }) => path === 'b')).toMatchObject({
      removed: [],
      upserted: [{ id: 'c1', ns: 'b' }],
    })
  })

  test('starts over when a namespace comes from elsewhere, with all it holds', async () => {
    await using t = await setUp()
    await t.make('shop', 'inner')
    await t.make('old', 'inner')
    await t.make('old/db')
    await t.add('old/db', 'c1')
    await using watch = await t.watch('ns=shop')
    expect(pathsOf(await watch.next())).toEqual(['shop'])
    await t.namespaces.change('old/db', { parent: 'shop' })
    expect(await watch.next()).toEqual({
      event: 'resync',
      id: 'none',
      data: { reason: 'moved_in' },
    })
    const page = await watch.next()
    expect(pathsOf(page)).toEqual(['shop', 'shop/db'])
    expect(pageOf(page).resources).toMatchObject([{ id: 'c1', ns: 'shop/db' }])
    await t.namespaces.change('shop/db', { parent: 'old' })
    expect(changeOf(await watch.next())).toMatchObject({
      path: 'shop/db',
      kind: 'moved',
      namespace: { path: 'old/db' },
    })
  })

  test('is told when what is above is renamed, and when it comes back', async () => {
    await using t = await setUp()
    await t.make('a', 'inner')
    await t.make('a/b')
    await using watch = await t.watch('ns=a/b')
    await watch.next()
    await t.namespaces.change('a', { name: 'c' })
    expect(changeOf(await watch.next())).toMatchObject({ path: 'a', kind: 'moved' })
    await t.namespaces.change('c', { name: 'a' })
    expect((await watch.next()).data).toEqual({ reason: 'moved_in' })
    expect(pathsOf(await watch.next())).toEqual(['a/b'])
  })

  test('that is not there is refused, unless it comes back to what is gone', async () => {
    await using t = await setUp()
    const { revision } = await t.make('shop')
    await t.namespaces.change('shop', { name: 'store' })
    await using refused = await t.watch('ns=shop')
    expect(refused.status).toBe(404)
    await using back = await t.watch(`ns=shop&after=${revision}`)
    expect(changeOf(await back.next())).toMatchObject({ kind: 'moved', path: 'shop' })
  })
})

test('a large namespace comes in pages, of which only the last has an id', async () => {
  await using t = await setUp()
  await t.make('a')
  const operations = Array.from({ length: 2_500 }, (_, at) => ({
    add: { ns: 'a', id: `c${at}`, properties: { name: `n${at}` } },
  }))
  await t.resources.batch('collect', operations)
  await using watch = await t.watch('ns=a')
  const pages: WatchEvent[] = []
  do pages.push(await watch.next())
  while (pageOf(pages.at(-1) as WatchEvent).more)
  const ids = pages.flatMap((page) => pageOf(page).resources.map(({ id }) => id))
  expect([ids.length, new Set(ids).size]).toEqual([2_500, 2_500])
  expect(pages.flatMap(pathsOf)).toEqual(['a'])
  expect(pages.length).toBeGreaterThan(2)
  const revision = String(t.catalog.catalog.status().viewRevision)
  expect(pages.map(({ id }) => id)).toEqual([...pages.slice(1).map(() => undefined), revision])
})

describe('a watcher of namespaces that comes back', () => {
  test('goes on by its id or from a revision', async () => {
    await using t = await setUp()
    const { revision } = await t.make('a')
    await t.add('a', 'c1')
    await using byHeader = await t.watch('ns=a', { 'last-event-id': String(revision) })
    await using byQuery = await t.watch(`ns=a&after=${revision}`)
    await using from = await t.watch(`ns=a&from=${revision}`)
    for (const watch of [byHeader, byQuery, from]) {
      expect(changeOf(await watch.next())).toMatchObject({ kind: 'resources', path: 'a' })
      expect(watch.pending()).toEqual([])
    }
  })

  test('from a revision that this catalog has not come to starts over', async () => {
    await using t = await setUp()
    await using watch = await t.watch('ns=pool&from=99')
    expect(await watch.next()).toEqual({
      event: 'resync',
      id: 'none',
      data: { reason: 'other_node' },
    })
    expect(pathsOf(await watch.next())).toEqual(['pool'])
  })

  test('after a restore starts over', async () => {
    await using t = await setUp()
    const { revision } = await t.make('a')
    const { engine } = t.catalog
    const snapshot = await engine.snapshot()
    await using watch = await t.watch(`ns=a&from=${revision}`)
    await engine.restore(snapshot, new AbortController().signal)
    await t.catalog.clock.advance(10_000)
    expect(await watch.next()).toEqual({
      event: 'resync',
      id: 'none',
      data: { reason: 'restored' },
    })
    expect(pathsOf(await watch.next())).toEqual(['a'])
  })

  test('to something that was moved in meanwhile starts over', async () => {
    await using t = await setUp()
    await t.make('a', 'inner')
    const { revision } = await t.make('b')
    await t.namespaces.change('b', { parent: 'a' })
    await using watch = await t.watch(`ns=a&from=${revision}`)
    expect((await watch.next()).data).toEqual({ reason: 'moved_in' })
    expect(pathsOf(await watch.next())).toEqual(['a', 'a/b'])
  })
})

describe('of keys and namespaces', () => {
  test('has ids of both, and each goes on by itself', async () => {
    await using t = await setUp()
    await t.make('a')
    await t.catalog.catalog.kv.put('k', Buffer.from('v'))
    await using watch = await t.watch('kv=k&ns=a')
    const [keys, page] = [await watch.next(), await watch.next()]
    expect([keys.event, keys.id, page.event, page.id]).toEqual([
      'kv-snapshot',
      undefined,
      'ns-snapshot',
      '2.2',
    ])
    const added = await t.add('a', 'c1')
    expect((await watch.next()).id).toBe(`2.${added.revision}`)
    const put = await t.catalog.catalog.kv.put('k', Buffer.from('w'))
    expect((await watch.next()).id).toBe(`${put.revision}.${added.revision}`)

    await using back = await t.watch(`kv=k&ns=a&after=2.${added.revision}`)
    expect([(await back.next()).event, back.pending()]).toEqual(['kv', []])
    await using lost = await t.watch('kv=k&ns=a&after=2.99')
    expect((await lost.next()).event).toBe('kv')
    expect((await lost.next()).data).toEqual({ reason: 'other_node', part: 'ns' })
    expect((await lost.next()).event).toBe('ns-snapshot')
  })
})

test('watchers of namespaces are counted', async () => {
  await using t = await setUp()
  const gauge = async () => /^rollcall_ns_watchers (\d+)$/m.exec(await t.metrics.text())?.[1]
  const one = await t.watch('ns=')
  await using other = await t.watch('service=web')
  await Promise.all([one.next(), other.next()])
  expect(await gauge()).toBe('1')
  await one[Symbol.asyncDispose]()
  await t.untilWaiting(1)
  expect(await gauge()).toBe('0')
})
