import type { KvEvent, KvSnapshotEvent } from '@rollcall/protocol'
import { describe, expect, test } from 'vitest'
import { openWatch, setUpApp, type AppSetUp, type WatchEvent } from '../../testing/index.ts'

async function setUp(options: AppSetUp = {}) {
  const t = await setUpApp(options)
  const { port } = await t.listen()
  const { kv } = t.catalog.catalog
  return Object.assign(t, {
    kv,
    put: (key: string, value: string | Uint8Array = 'v') => kv.put(key, Buffer.from(value)),
    watch: (query: string, headers?: Record<string, string>) => openWatch(port, query, headers),
    resyncs: async (reason: string) => {
      const name = `rollcall_watcher_resyncs_total{reason="${reason}"}`
      const line = (await t.metrics.text()).split('\n').find((text) => text.startsWith(name))
      return Number(line?.split(' ')[1])
    },
  })
}

const kvOf = ({ data }: WatchEvent) => data as unknown as KvEvent
const pageOf = ({ data }: WatchEvent) => data as unknown as KvSnapshotEvent
const keysOf = (event: WatchEvent) => pageOf(event).entries.map(({ key }) => key)
const V = 'dg=='

describe('a watch of keys', () => {
  test('begins with all that is below the prefix', async () => {
    await using t = await setUp()
    await t.put('a/1')
    await t.put('b')
    await t.put('a/2')
    await using watch = await t.watch('kv=a/')
    expect(watch.status).toBe(200)
    expect(await watch.next()).toEqual({
      event: 'kv-snapshot',
      id: '3',
      data: {
        revision: 3,
        prefix: 'a/',
        entries: [
          { key: 'a/1', valueBase64: V, modRevision: 1, createRevision: 1 },
          { key: 'a/2', valueBase64: V, modRevision: 3, createRevision: 3 },
        ],
        more: false,
      },
    })
    expect(watch.text()).toMatch(/^retry: 1000\n\n/)
  })

  test('tells each revision once, whole, with an id that is the revision', async () => {
    await using t = await setUp()
    const { id: lease } = await t.catalog.catalog.leases.grant({ ttlMs: 5_000 })
    await t.put('a/old')
    await using watch = await t.watch('kv=a/')
    await watch.next()
    await t.put('b')
    await t.catalog.catalog.txn({
      compares: [],
      then: [
        { put: { key: 'a/1', value: Buffer.from('v') } },
        { put: { key: 'a/2', value: Buffer.from('v'), lease } },
        { put: { key: 'c', value: Buffer.from('v') } },
        { delete: { key: 'a/old' } },
      ],
      otherwise: [],
    })
    await t.put('a/1', 'w')
    expect(await watch.next()).toEqual({
      event: 'kv',
      id: '4',
      data: {
        revision: 4,
        puts: [
          { key: 'a/1', valueBase64: V, modRevision: 4 },
          { key: 'a/2', valueBase64: V, modRevision: 4, lease },
        ],
        deletes: ['a/old'],
      },
    })
    expect(await watch.next()).toMatchObject({ id: '5', data: { revision: 5 } })
    expect(watch.pending()).toEqual([])
  })

  test('of several prefixes is told of each revision once, whatever it touches', async () => {
    await using t = await setUp()
    await t.put('a/1')
    await using watch = await t.watch('kv=b/&kv=a/&kv=a/x/')
    const [first, second] = [await watch.next(), await watch.next()]
    expect([pageOf(first).prefix, pageOf(second).prefix]).toEqual(['a/', 'b/'])
    expect(first).not.toHaveProperty('id')
    expect(second.id).toBe('1')
    await t.catalog.catalog.txn({
      compares: [],
      then: ['a/x/1', 'b/1', 'c'].map((key) => ({ put: { key, value: Buffer.from('v') } })),
      otherwise: [],
    })
    await t.put('c')
    await t.put('b/1')
    expect(kvOf(await watch.next()).puts.map(({ key }) => key)).toEqual(['a/x/1', 'b/1'])
    expect(kvOf(await watch.next())).toMatchObject({ revision: 4, puts: [{ key: 'b/1' }] })
    expect(watch.pending()).toEqual([])
  })

  test('of the empty prefix is of all keys', async () => {
    await using t = await setUp()
    await t.put('a')
    await using watch = await t.watch('kv=')
    expect(keysOf(await watch.next())).toEqual(['a'])
  })

  test('from a revision begins with what came after it', async () => {
    await using t = await setUp()
    for (const key of ['a/1', 'a/2', 'b', 'a/3']) await t.put(key)
    await using watch = await t.watch('kv=a/&from=1')
    expect(kvOf(await watch.next())).toMatchObject({ revision: 2, puts: [{ key: 'a/2' }] })
    expect(await watch.next()).toMatchObject({ event: 'kv', id: '4' })
    await t.kv.deletePrefix('a/')
    expect(kvOf(await watch.next()).deletes).toEqual(['a/1', 'a/2', 'a/3'])
  })

  test('before the first view is there is refused', async () => {
    await using t = await setUp({
      catalogOf: async ({ engine, another }) => {
        engine.cutOff()
        return (await another('n2')).catalog
      },
    })
    const refused = await t.api('GET /watch?kv=a')
    expect([refused.status, refused.body['code']]).toEqual([503, 'unavailable'])
    expect(t.waiters.count).toBe(0)
    await using services = await t.watch('service=web')
    expect((await services.next()).event).toBe('snapshot')
  })
})

describe('a large prefix', () => {
  test('comes in pages, of which only the last has an id', async () => {
    await using t = await setUp()
    for (let at = 0; at < 5; at += 1) await t.put(`a/${at}`, 'x'.repeat(200_000))
    await using watch = await t.watch('kv=a/')
    const pages: WatchEvent[] = []
    do pages.push(await watch.next())
    while (pageOf(pages.at(-1) as WatchEvent).more)
    expect(pages.flatMap(keysOf)).toEqual(['a/0', 'a/1', 'a/2', 'a/3', 'a/4'])
    expect(pages.length).toBeGreaterThan(1)
    expect(pages.map(({ id }) => id)).toEqual([...pages.slice(1).map(() => undefined), '5'])
  })

  test('is told rightly also while it changes', async () => {
    await using t = await setUp()
    const model = new Map<string, string>()
    for (let at = 0; at < 40; at += 1)
      await t.put(`a/${String(at).padStart(2, '0')}`, 'x'.repeat(100_000))
    await using watch = await t.watch('kv=a/')
    const last = 'y'.repeat(1_000)
    let isDone = false
    const read = async () => {
      while (!isDone) {
        const event = await watch.next()
        if (event.event === 'kv-snapshot') {
          for (const { key, valueBase64 = '' } of pageOf(event).entries) model.set(key, valueBase64)
          isDone = !pageOf(event).more
        } else {
          const { puts, deletes } = kvOf(event)
          for (const { key, valueBase64 } of puts) model.set(key, valueBase64)
          for (const key of deletes) model.delete(key)
        }
      }
    }
    const reading = read()
    for (let at = 39; at >= 0; at -= 3) {
      const key = `a/${String(at).padStart(2, '0')}`
      if (at % 2 === 0) await t.kv.delete(key)
      else await t.put(key, last)
    }
    await t.put('a/end')
    await reading
    const { entries } = t.kv.list({ prefix: 'a/', limit: 100 })
    expect([...model].sort()).toEqual(
      entries.map(({ key, value }) => [key, Buffer.from(value).toString('base64')]),
    )
  })
})

describe('of services and keys', () => {
  test('has ids of both, once all was told', async () => {
    await using t = await setUp()
    t.register()
    await t.put('a')
    await using watch = await t.watch('service=web&kv=a')
    const [snapshot, page] = [await watch.next(), await watch.next()]
    expect([snapshot.event, page.event]).toEqual(['snapshot', 'kv-snapshot'])
    expect(snapshot).not.toHaveProperty('id')
    const token = String(snapshot.data['token'])
    expect(page.id).toBe(`${token}~1`)
    await t.put('a')
    expect((await watch.next()).id).toBe(`${token}~2`)
    t.register({ id: 'b' })
    await t.clock.advance(20)
    const change = await watch.next()
    expect(change.id).toBe(`${String(change.data['token'])}~2`)
  })

  test('each resumes by itself, and starts over by itself', async () => {
    await using t = await setUp()
    t.register()
    await t.put('a')
    const { body } = await t.api('GET /services/web')
    const token = String(body['token'])
    t.register({ id: 'b' })
    await t.put('a', 'w')
    await using both = await t.watch(`service=web&kv=a&after=${token}~1`)
    expect([(await both.next()).event, (await both.next()).event]).toEqual(['change', 'kv'])

    const elsewhere = token.replace(/n1$/, 'n2')
    await using services = await t.watch('service=web&kv=a', { 'last-event-id': `${elsewhere}~1` })
    expect(await services.next()).toEqual({
      event: 'resync',
      id: 'none',
      data: { reason: 'other_node', part: 'services' },
    })
    expect([(await services.next()).event, (await services.next()).event]).toEqual([
      'snapshot',
      'kv',
    ])

    await using keys = await t.watch(`service=web&kv=a&after=${token}~99`)
    expect((await keys.next()).event).toBe('change')
    expect(await keys.next()).toEqual({
      event: 'resync',
      id: 'none',
      data: { reason: 'other_node', part: 'kv' },
    })
    expect((await keys.next()).event).toBe('kv-snapshot')

    await using started = await t.watch(`service=web&kv=a&after=${token}`)
    expect([(await started.next()).event, (await started.next()).event]).toEqual([
      'change',
      'kv-snapshot',
    ])
  })
})

describe('a watcher of keys that comes back', () => {
  test('goes on by its id, by either way', async () => {
    await using t = await setUp()
    await t.put('a')
    await t.put('a', 'w')
    await using byHeader = await t.watch('kv=a&from=0', { 'last-event-id': '1' })
    await using byQuery = await t.watch('kv=a&after=1')
    for (const watch of [byHeader, byQuery]) {
      expect(await watch.next()).toMatchObject({ event: 'kv', id: '2', data: { revision: 2 } })
    }
  })

  test('from a revision that this catalog has not come to starts over', async () => {
    await using t = await setUp()
    await t.put('a')
    await using watch = await t.watch('kv=a&from=7')
    expect(await watch.next()).toEqual({
      event: 'resync',
      id: 'none',
      data: { reason: 'other_node' },
    })
    expect(await watch.next()).toMatchObject({ event: 'kv-snapshot', id: '1' })
    expect(await t.resyncs('other_node')).toBe(1)
  })

  test('after a restart of the node starts over, since what came in between is not known', async () => {
    await using t = await setUp()
    await t.put('a')
    await t.put('a')
    const { engine } = t.catalog
    const snapshot = await engine.snapshot()
    await using watch = await t.watch('kv=a&from=2')
    await engine.restore(snapshot, new AbortController().signal)
    await t.catalog.clock.advance(10_000)
    expect(await watch.next()).toEqual({
      event: 'resync',
      id: 'none',
      data: { reason: 'restored' },
    })
    const page = await watch.next()
    expect([page.event, keysOf(page)]).toEqual(['kv-snapshot', ['a']])
    await using late = await t.watch('kv=a&from=2')
    expect(await late.next()).toEqual({
      event: 'resync',
      id: 'none',
      data: { reason: 'compacted' },
    })
    expect([await t.resyncs('restored'), await t.resyncs('compacted')]).toEqual([1, 1])
  })
})

describe('a watcher of keys that reads too slowly', () => {
  test('starts over with everything, and loses nothing', async () => {
    await using t = await setUp({ limits: { watcherQueueMaxChanges: 3 } })
    await using watch = await t.watch('kv=a/')
    await watch.next()
    // In one turn of the event loop, in which the socket takes nothing.
    for (let at = 0; at < 10; at += 1) await t.put(`a/${at}`, 'x'.repeat(20_000))
    await t.put('a/last')
    const events: WatchEvent[] = []
    const seen = new Map<string, number>()
    while (!seen.has('a/last')) {
      const event = await watch.next()
      events.push(event)
      if (event.event === 'resync') seen.clear()
      if (event.event === 'kv')
        for (const put of kvOf(event).puts) seen.set(put.key, put.modRevision)
      if (event.event === 'kv-snapshot') for (const key of keysOf(event)) seen.set(key, 0)
    }
    expect(events.filter(({ event }) => event === 'resync')).toEqual([
      { event: 'resync', id: 'none', data: { reason: 'slow' } },
    ])
    expect(seen.size).toBe(11)
    expect(await t.resyncs('slow')).toBe(1)
  })
})

test('watchers of keys are counted, and leave nothing behind', async () => {
  await using t = await setUp()
  const gauge = async () => /^rollcall_kv_watchers (\d+)$/m.exec(await t.metrics.text())?.[1]
  const one = await t.watch('kv=a')
  const two = await t.watch('kv=a&service=web')
  await using other = await t.watch('service=web')
  await Promise.all([one.next(), two.next(), other.next()])
  expect(await gauge()).toBe('2')
  await one[Symbol.asyncDispose]()
  await two[Symbol.asyncDispose]()
  await t.untilWaiting(1)
  expect(await gauge()).toBe('0')
  await t.put('a')
})

test('when the node stops, each gets a last word', async () => {
  await using t = await setUp()
  await using watch = await t.watch('kv=a')
  await watch.next()
  t.waiters.drain()
  expect(await watch.next()).toEqual({ event: 'bye', data: { reason: 'shutting_down' } })
  await watch.ended
})
