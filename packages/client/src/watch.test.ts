import { expect, test } from 'vitest'
import type { Random } from '@rollcall/runtime'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { RollcallClient, type WatchEvent, type WatchQuery } from './index.ts'
import {
  FarSide,
  deadPort,
  instanceOf,
  problem,
  queryOf,
  send,
  type Script,
  type SentEvent,
} from './testing/far-side.ts'

const snapshot = (id: string, service = 'orders'): SentEvent => ({
  event: 'snapshot',
  id,
  data: {
    service,
    env: 'prod',
    known: true,
    revision: 1,
    token: id,
    protected: null,
    instances: [instanceOf({ service })],
  },
})
const change = (id: string): SentEvent => ({
  event: 'change',
  id,
  data: { service: 'orders', env: 'prod', revision: 2, token: id, upserted: [], removed: [] },
})
const resync: SentEvent = { event: 'resync', data: { reason: 'other_node' } }
const ping: SentEvent = { event: 'ping', data: { t: 1 } }
const bye: SentEvent = { event: 'bye', data: { reason: 'shutting_down' } }

/** Watches `orders`, collects what comes, and can wait for it while fake time goes on. */
function setUp(
  servers: readonly string[],
  { random, ...query }: Partial<WatchQuery> & { random?: Random } = {},
) {
  const clock = new FakeClock()
  const stopping = new AbortController()
  const client = new RollcallClient({
    servers,
    clock,
    timeoutMs: 100_000,
    ...(random && { random }),
  })
  const events: WatchEvent[] = []
  const watched = (async () => {
    const all = { services: ['orders'], ...query, signal: stopping.signal }
    for await (const event of client.watch(all)) events.push(event)
  })()
  watched.catch(() => {})
  return {
    clock,
    client,
    events,
    watched,
    stopping,
    /** As text: the kind and the token of each. */
    told: () => events.map(({ kind, data }) => ('token' in data ? `${kind} ${data.token}` : kind)),
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

/** Answers each connection by the next of these, the last one again and again. */
function inTurn(...scripts: readonly Script[]): Script {
  let count = 0
  return (seen, response) => {
    const script = scripts[Math.min(count, scripts.length - 1)]
    count += 1
    script?.(seen, response)
  }
}

const sends =
  (...events: readonly SentEvent[]): Script =>
  (_, response) => {
    send(response, ...events)
  }

test('asks for services with filters, and yields what comes in order', async () => {
  await using far = await FarSide.open(sends(snapshot('1'), ping, change('2'), resync))
  await using s = setUp([far.url], {
    services: ['orders', 'a b'],
    env: 'prod',
    metadata: { k: 'v' },
    after: '0',
  })

  await s.until('three events', () => s.events.length === 3)
  expect(s.told()).toEqual(['snapshot 1', 'change 2', 'resync'])
  const [seen] = far.seen
  expect(seen?.target).toBe(
    '/registry/v1/watch?service=orders&service=a%20b&env=prod&metadata.k=v&after=0',
  )
  expect(seen?.headers['accept']).toBe('text/event-stream')
  expect(seen?.headers['last-event-id']).toBeUndefined()
})

test('goes on after the last event when the connection was cut', async () => {
  await using far = await FarSide.open(
    inTurn(sends(snapshot('1'), change('2'), ping), sends(change('3'))),
  )
  await using s = setUp([far.url], { after: '0' })

  await s.until('the first two', () => s.events.length === 2)
  far.cut()
  await s.until('the third', () => s.events.length === 3, 100)

  expect(s.told()).toEqual(['snapshot 1', 'change 2', 'change 3'])
  expect(far.seen[1]?.headers['last-event-id']).toBe('2')
  expect(far.seen[1] && queryOf(far.seen[1])).toEqual({ service: 'orders' })
})

test('goes on after the last event when the server ended the answer without a word', async () => {
  await using far = await FarSide.open(
    inTurn(
      (_, response) => {
        send(response, snapshot('1'))
        response.end()
      },
      sends(change('2')),
    ),
  )
  await using s = setUp([far.url])

  await s.until('both', () => s.events.length === 2, 100)
  expect(far.seen[1]?.headers['last-event-id']).toBe('1')
})

test('a cut between a resync and its snapshot starts over, for what was known is void', async () => {
  await using far = await FarSide.open(
    inTurn(sends(snapshot('1'), resync, change('2')), sends(snapshot('3'))),
  )
  await using s = setUp([far.url])

  await s.until('the change', () => s.events.length === 3)
  far.cut()
  await s.until('the second snapshot', () => s.events.length === 4, 100)
  expect(far.seen[1]?.headers['last-event-id']).toBeUndefined()
})

test('waits longer after each failure, and little again after each event', async () => {
  await using far = await FarSide.open(sends(change('1')))
  await using s = setUp([far.url], { after: '0', random: () => 0.999 })

  for (let round = 1; round <= 4; round += 1) {
    await s.until('the event', () => s.events.length === round)
    far.cut()
    // A second of fake time each; without the events it would be 1, 2, 4, 8.
    await s.until('the next connection', () => far.seen.length === round + 1, 200)
  }
  expect(s.clock.monotonicMs()).toBeLessThan(9_000)

  far.script = (_, response) => problem(response, 503, { code: 'not_ready' })
  const startedMs = s.clock.monotonicMs()
  far.cut()
  await s.until('the fourth failure', () => far.seen.length === 9, 1_000)
  expect(s.clock.monotonicMs() - startedMs).toBeGreaterThan(14_000)
})

test('stays with a server that only cut the connection', async () => {
  await using first = await FarSide.open(sends(snapshot('1')))
  await using second = await FarSide.open(sends(resync, snapshot('9')))
  await using s = setUp([first.url, second.url])

  await s.until('the snapshot', () => s.events.length === 1)
  first.cut()
  await s.until('the second connection', () => first.seen.length === 2, 100)
  expect(second.seen).toHaveLength(0)
})

test('a bye sends it to the next server, with the last id', async () => {
  await using first = await FarSide.open(sends(snapshot('1'), bye))
  await using second = await FarSide.open(sends(resync, snapshot('9')))
  await using s = setUp([first.url, second.url])

  await s.until('the second snapshot', () => s.events.length === 3, 100)
  expect(s.told()).toEqual(['snapshot 1', 'resync', 'snapshot 9'])
  expect(first.seen).toHaveLength(1)
  expect(second.seen[0]?.headers['last-event-id']).toBe('1')
})

test('after 45 s without a sign of life it goes to the next server, not before', async () => {
  await using first = await FarSide.open(sends(snapshot('1')))
  await using second = await FarSide.open(sends(resync, snapshot('9')))
  await using s = setUp([first.url, second.url])
  await s.until('the snapshot', () => s.events.length === 1)

  await s.clock.advance(44_999)
  await s.clock.advance(0)
  expect(second.seen).toHaveLength(0)
  await s.until('the second snapshot', () => s.events.length === 3, 100)
  expect(second.seen[0]?.headers['last-event-id']).toBe('1')
})

test('pings keep a quiet watch alive', async () => {
  let open: Parameters<Script>[1] | undefined
  await using far = await FarSide.open((_, response) => {
    open = response
    send(response, snapshot('1'))
  })
  await using s = setUp([far.url])
  await s.until('the snapshot', () => s.events.length === 1)

  for (let round = 1; round <= 4; round += 1) {
    await s.clock.advance(30_000)
    if (open) send(open, ping, change(`p${round}`))
    await s.until('the change', () => s.events.length === 1 + round)
  }
  expect(far.seen).toHaveLength(1)
})

test('a slow consumer is not silence', async () => {
  await using far = await FarSide.open(sends(snapshot('1'), change('2')))
  const clock = new FakeClock()
  await using client = new RollcallClient({ servers: [far.url], clock })
  const stopping = new AbortController()
  const told: string[] = []
  for await (const { kind } of client.watch({ services: ['orders'], signal: stopping.signal })) {
    told.push(kind)
    await clock.advance(60_000)
    if (told.length === 2) break
  }
  expect(told).toEqual(['snapshot', 'change'])
  expect(far.seen).toHaveLength(1)
})

test('starts over when an id is no longer understood', async () => {
  await using far = await FarSide.open(
    inTurn(
      (_, response) => {
        send(response, snapshot('1'))
        response.end()
      },
      (_, response) => problem(response, 400, { code: 'invalid_argument' }),
      sends(snapshot('2')),
    ),
  )
  await using s = setUp([far.url])

  await s.until('the second snapshot', () => s.events.length === 2, 100)
  expect(s.told()).toEqual(['snapshot 1', 'snapshot 2'])
  expect(far.seen.map(({ headers }) => headers['last-event-id'])).toEqual([
    undefined,
    '1',
    undefined,
  ])
})

test('waits for a server until there is one', async () => {
  const port = await deadPort()
  await using s = setUp([`http://127.0.0.1:${port}`])
  await s.clock.advance(60_000)
  await using _ = await FarSide.open(sends(snapshot('1')), port)

  await s.until('the snapshot', () => s.events.length === 1, 1_000)
  expect(s.told()).toEqual(['snapshot 1'])
})

test.each([
  [400, 'invalid_argument'],
  [401, 'unauthenticated'],
  [403, 'forbidden'],
])('throws what no waiting cures: %i %s', async (status, code) => {
  await using far = await FarSide.open((_, response) => problem(response, status, { code }))
  await using s = setUp([far.url])

  await expect(s.watched).rejects.toMatchObject({ code })
  expect(far.seen).toHaveLength(1)
})

test('tries another server when one has too many watchers', async () => {
  await using first = await FarSide.open((_, response) => {
    problem(response, 429, { code: 'too_many_watchers' })
  })
  await using second = await FarSide.open(sends(snapshot('1')))
  await using s = setUp([first.url, second.url])

  await s.until('the snapshot', () => s.events.length === 1)
  expect(first.seen).toHaveLength(1)
})

test('ignores kinds of events that it does not know', async () => {
  await using far = await FarSide.open(
    sends({ event: 'from-the-future', id: 'f', data: {} }, snapshot('1')),
  )
  await using s = setUp([far.url])

  await s.until('the snapshot', () => s.events.length === 1)
  expect(s.told()).toEqual(['snapshot 1'])
})

test.each(['abort', 'close'] as const)(
  'ends in peace on %s, and ends its connection',
  async (how) => {
    let closed = false
    await using far = await FarSide.open((_, response) => {
      response.on('close', () => {
        closed = true
      })
      send(response, snapshot('1'))
    })
    await using s = setUp([far.url])
    await s.until('the snapshot', () => s.events.length === 1)

    if (how === 'abort') s.stopping.abort()
    else await s.client.close()

    await expect(s.watched).resolves.toBeUndefined()
    await s.until('the connection ended', () => closed)
  },
)

test('a consumer that leaves the loop ends the connection', async () => {
  let closed = false
  await using far = await FarSide.open((_, response) => {
    response.on('close', () => {
      closed = true
    })
    send(response, snapshot('1'))
  })
  await using client = new RollcallClient({ servers: [far.url] })
  const { signal } = new AbortController()
  for await (const event of client.watch({ services: ['orders'], signal })) {
    expect(event.kind).toBe('snapshot')
    break
  }
  await until('the connection ended', () => closed || undefined, { withinMs: 5_000 })
})
