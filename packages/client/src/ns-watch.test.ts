import { expect, test } from 'vitest'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { RollcallClient, type NamespaceWatchEvent, type NamespaceWatchQuery } from './index.ts'
import { FarSide, problem, queryOf, send, type Script, type SentEvent } from './testing/far-side.ts'

const namespaceAt = (path: string) => ({
  id: path,
  path,
  name: path,
  kind: 'leaf',
  match: null,
  comment: '',
  revision: 2,
})
const page = (path: string, more = false): SentEvent => ({
  event: 'ns-snapshot',
  ...(!more && { id: '4' }),
  data: {
    revision: 4,
    path: 'shop',
    namespaces: [namespaceAt(path)],
    resources: [],
    templates: [],
    more,
  },
})
const created = (revision: number, path: string, more = false): SentEvent => ({
  event: 'ns',
  ...(!more && { id: String(revision) }),
  data: {
    revision,
    path,
    kind: 'created',
    namespace: namespaceAt(path),
    ...(more && { more: true }),
  },
})
const resync: SentEvent = { event: 'resync', data: { reason: 'moved_in' } }

function setUp(server: string, query: Partial<NamespaceWatchQuery> = {}) {
  const clock = new FakeClock()
  const stopping = new AbortController()
  const client = new RollcallClient({ servers: [server], clock, timeoutMs: 100_000 })
  const events: NamespaceWatchEvent[] = []
  const watched = (async () => {
    const all = { path: 'shop', ...query, signal: stopping.signal }
    for await (const event of client.namespaces.watch(all)) events.push(event)
  })()
  watched.catch(() => {})
  return {
    watched,
    told: () =>
      events.map((event) => {
        if (event.kind === 'resync') return `resync ${event.reason}`
        if (event.kind === 'change') {
          return `${event.revision} ${event.changes.map(({ path }) => path).join(' ')}`
        }
        const paths = event.namespaces.map(({ path }) => path).join(' ')
        return `${event.first ? 'first' : 'next'} ${paths}${event.more ? ' …' : ''}`
      }),
    until: (what: string, count: number, stepMs = 0) =>
      until(
        what,
        async () => {
          if (stepMs > 0) await clock.advance(stepMs)
          return events.length === count || undefined
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

test('tells what is there, page by page, then each revision whole', async () => {
  await using far = await FarSide.open(
    inTurn([page('a', true), page('b'), created(5, 'c', true), created(5, 'd'), created(6, 'e')]),
  )
  await using s = setUp(far.url)
  await s.until('all came', 4)
  expect(s.told()).toEqual(['first a …', 'next b', '5 c d', '6 e'])
  expect(asked(far, 0)).toEqual({ ns: 'shop', id: undefined })
})

test('what was told of half a revision before a cut is told once, with the rest', async () => {
  await using far = await FarSide.open(
    inTurn([page('a'), created(5, 'b', true)], [created(5, 'b', true), created(5, 'c')]),
  )
  await using s = setUp(far.url)
  await s.until('the page came', 1)
  far.cut()
  await s.until('the revision came', 2, 100)
  expect(asked(far, 1)).toEqual({ ns: 'shop', id: '4' })
  expect(s.told()).toEqual(['first a', '5 b c'])
})

test('a revision that comes again after a cut is not told again', async () => {
  const { data } = created(5, 'b')
  const without: SentEvent = { event: 'ns', data }
  await using far = await FarSide.open(
    inTurn([page('a'), without], [created(5, 'b'), created(6, 'c')]),
  )
  await using s = setUp(far.url)
  await s.until('the change came', 2)
  far.cut()
  await s.until('the next one came', 3, 100)
  expect(asked(far, 1)).toEqual({ ns: 'shop', id: '4' })
  expect(s.told()).toEqual(['first a', '5 b', '6 c'])
})

test('a cut between the pages of a snapshot starts over, with a first page', async () => {
  await using far = await FarSide.open(
    inTurn([page('a', true), created(5, 'x')], [page('a', true), page('b')]),
  )
  await using s = setUp(far.url)
  await s.until('a page and a change came', 2)
  far.cut()
  await s.until('all came', 4, 100)
  expect(asked(far, 1)).toEqual({ ns: 'shop', id: undefined })
  expect(s.told()).toEqual(['first a …', '5 x', 'first a …', 'next b'])
})

test('from a revision it needs no snapshot, until the server starts over', async () => {
  await using far = await FarSide.open(inTurn([created(5, 'a')], [resync, page('b')]))
  await using s = setUp(far.url, { path: '', from: 4 })
  await s.until('a change came', 1)
  far.cut()
  await s.until('all came', 3, 100)
  expect([0, 1].map((at) => asked(far, at))).toEqual([
    { ns: '', from: '4', id: undefined },
    { ns: '', id: '5' },
  ])
  expect(s.told()).toEqual(['5 a', 'resync moved_in', 'first b'])
})

test('a namespace that is not there is refused, and not waited for', async () => {
  await using far = await FarSide.open((_, response) => {
    problem(response, 404, { code: 'namespace_not_found' })
  })
  await using s = setUp(far.url)
  await expect(s.watched).rejects.toMatchObject({ code: 'namespace_not_found' })
})
