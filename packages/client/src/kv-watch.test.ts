import { expect, test } from 'vitest'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { RollcallClient, type KvWatchEvent, type KvWatchQuery } from './index.ts'
import { FarSide, queryOf, send, type Script, type SentEvent } from './testing/far-side.ts'

const page = (id: string, more = false): SentEvent => ({
  event: 'kv-snapshot',
  id,
  data: {
    revision: 4,
    prefix: 'p/',
    entries: [{ key: `p/${id}`, valueBase64: 'AP8=', modRevision: 2, createRevision: 1 }],
    more,
  },
})
const change = (id: string, revision = 5): SentEvent => ({
  event: 'kv',
  id,
  data: {
    revision,
    puts: [{ key: `p/${id}`, valueBase64: 'AP8=', modRevision: revision, lease: 3 }],
    deletes: ['p/x'],
  },
})
const resync: SentEvent = { event: 'resync', data: { reason: 'compacted' } }

function setUp(server: string, query: Partial<KvWatchQuery> = {}) {
  const clock = new FakeClock()
  const stopping = new AbortController()
  const client = new RollcallClient({ servers: [server], clock, timeoutMs: 100_000 })
  const events: KvWatchEvent[] = []
  const watched = (async () => {
    const all = { prefix: 'p/', ...query, signal: stopping.signal }
    for await (const event of client.kv.watch(all)) events.push(event)
  })()
  watched.catch(() => {})
  return {
    events,
    watched,
    stopping,
    told: () =>
      events.map((event) => {
        if (event.kind === 'resync') return `resync ${event.reason}`
        if (event.kind === 'change') return `change ${event.puts[0]?.key}`
        return `${event.first ? 'first' : 'next'} ${event.entries[0]?.key}${event.more ? ' …' : ''}`
      }),
    until: (what: string, holds: () => boolean, stepMs = 0) =>
      until(
        what,
        async () => {
          if (stepMs > 0) await clock.advance(stepMs)
          return holds() || undefined
        },
        { withinMs: 5_000 },
      ),
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await client.close()
    },
  }
}

function inTurn(...scripts: readonly (readonly SentEvent[])[]): Script {
  let count = 0
  return (_, response) => {
    send(response, ...(scripts[Math.min(count, scripts.length - 1)] ?? []))
    count += 1
  }
}

const asked = (far: FarSide, at: number) => {
  const seen = far.seen[at]
  return seen && { ...queryOf(seen), id: seen.headers['last-event-id'] }
}

test('tells what is there, page by page, then each change with its bytes', async () => {
  await using far = await FarSide.open(inTurn([page('1', true), page('2'), change('3')]))
  await using s = setUp(far.url)

  await s.until('all came', () => s.events.length === 3)
  expect(s.told()).toEqual(['first p/1 …', 'next p/2', 'change p/3'])
  expect(asked(far, 0)).toEqual({ kv: 'p/', id: undefined })
  expect(s.events[2]).toEqual({
    kind: 'change',
    revision: 5,
    puts: [{ key: 'p/3', value: Buffer.from([0, 255]), modRevision: 5, lease: 3 }],
    deletes: ['p/x'],
  })

  s.stopping.abort()
  await s.watched
})

test('goes on after the last event when the connection was cut', async () => {
  await using far = await FarSide.open(inTurn([page('1'), change('2')], [change('3', 6)]))
  await using s = setUp(far.url)
  await s.until('two came', () => s.events.length === 2)
  far.cut()
  await s.until('the third came', () => s.events.length === 3, 100)
  expect(asked(far, 1)).toEqual({ kv: 'p/', id: '2' })
  expect(s.told()).toEqual(['first p/1', 'change p/2', 'change p/3'])
})

test('a revision that comes again after a cut is not told again', async () => {
  const { data } = change('2')
  const without: SentEvent = { event: 'kv', data }
  await using far = await FarSide.open(inTurn([page('1'), without], [change('2'), change('3', 6)]))
  await using s = setUp(far.url)
  await s.until('two came', () => s.events.length === 2)
  far.cut()
  await s.until('the third came', () => s.events.length === 3, 100)
  expect(asked(far, 1)).toEqual({ kv: 'p/', id: '1' })
  expect(s.told()).toEqual(['first p/1', 'change p/2', 'change p/3'])
})

test('a cut between the pages of a snapshot starts over, with a first page', async () => {
  await using far = await FarSide.open(inTurn([page('1', true)], [page('1', true), page('2')]))
  await using s = setUp(far.url)
  await s.until('a page came', () => s.events.length === 1)
  far.cut()
  await s.until('all came', () => s.events.length === 3, 100)
  expect(asked(far, 1)).toEqual({ kv: 'p/', id: undefined })
  expect(s.told()).toEqual(['first p/1 …', 'first p/1 …', 'next p/2'])
})

test('from a revision it needs no snapshot, until the server starts over', async () => {
  await using far = await FarSide.open(
    inTurn([], [change('1')], [resync, page('2', true)], [page('2')]),
  )
  await using s = setUp(far.url, { from: 4 })

  await s.until('it asked', () => far.seen.length === 1)
  far.cut()
  await s.until('a change came', () => s.events.length === 1, 100)
  far.cut()
  await s.until('a page came', () => s.events.length === 3, 100)
  far.cut()
  await s.until('all came', () => s.events.length === 4, 100)

  expect([0, 1, 2, 3].map((at) => asked(far, at))).toEqual([
    { kv: 'p/', from: '4', id: undefined },
    { kv: 'p/', from: '4', id: undefined },
    { kv: 'p/', id: '1' },
    { kv: 'p/', id: undefined },
  ])
  expect(s.told()).toEqual(['change p/1', 'resync compacted', 'first p/2 …', 'first p/2'])
})
