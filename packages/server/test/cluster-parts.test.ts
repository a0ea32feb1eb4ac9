import { seededRandom } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { COALESCE_MS } from '../src/instances/constants.ts'
import type { PeerMessage } from '../src/instances/replication/messages.ts'
import type { PeerListener } from '../src/instances/replication/peer-transport.ts'
import { EventQueue } from '../src/testing/simulation/event-queue.ts'
import { CALM, Links } from '../src/testing/simulation/links.ts'
import { SimNetwork } from '../src/testing/simulation/sim-network.ts'
import { SimProcess } from '../src/testing/simulation/sim-process.ts'
import { ClientProcess, type Answer, type Request } from './cluster-client.ts'
import type { ClientEvent } from './cluster-history.ts'
import { setUpPlane } from '../src/testing/index.ts'
import { ClusterWatcher } from './cluster-watcher.ts'
import { Timeline } from './cluster-timeline.ts'

function newProcess(queue: EventQueue, seed = 1): SimProcess {
  return new SimProcess({ queue, random: seededRandom(seed), wallMs: () => queue.nowMs })
}

test('events happen in order of time, those of one time in the order in which they were asked for', () => {
  const random = seededRandom(7)
  const queue = new EventQueue()
  const wanted: { atMs: number; order: number }[] = []
  const seen: { atMs: number; order: number }[] = []
  for (let order = 0; order < 500; order += 1) {
    const atMs = Math.floor(random() * 50)
    const cancel = queue.after(atMs, () => seen.push({ atMs: queue.nowMs, order }))
    if (order % 7 === 0) cancel()
    else wanted.push({ atMs, order })
  }
  queue.runUntil(60)
  wanted.sort((left, right) => left.atMs - right.atMs || left.order - right.order)
  expect(seen).toEqual(wanted)
  expect(queue.nowMs).toBe(60)
})

test('what falls due in a process that stands still waits until it goes on', () => {
  const queue = new EventQueue()
  const process = newProcess(queue)
  const seen: string[] = []
  process.clock.after(10, () => seen.push(`timer ${process.clock.monotonicMs()}`))
  process.stall()
  process.arrive(() => seen.push(`first ${queue.nowMs}`))
  process.arrive(() => seen.push(`second ${queue.nowMs}`))
  queue.runUntil(30)
  expect(seen).toEqual([])
  process.resume()
  expect(seen.toSorted()).toEqual(['first 30', 'second 30', 'timer 30'])
  expect(seen.indexOf('first 30')).toBeLessThan(seen.indexOf('second 30'))
})

test('whether timers or arrivals come first after a stall is left to chance', () => {
  const first = Array.from({ length: 20 }, (_, seed) => {
    const queue = new EventQueue()
    const process = newProcess(queue, seed)
    const seen: string[] = []
    process.stall()
    process.clock.after(1, () => seen.push('timer'))
    process.arrive(() => seen.push('arrival'))
    queue.runUntil(5)
    process.resume()
    return seen[0]
  })
  expect(new Set(first)).toEqual(new Set(['timer', 'arrival']))
})

test('nothing happens in a dead process, and a cancelled timer stays cancelled through a stall', () => {
  const queue = new EventQueue()
  const seen: string[] = []
  const dead = newProcess(queue)
  dead.clock.after(5, () => seen.push('dead'))
  dead.kill()
  const stalled = newProcess(queue)
  const cancel = stalled.clock.after(5, () => seen.push('cancelled'))
  stalled.stall()
  queue.runUntil(10)
  cancel()
  stalled.resume()
  expect(seen).toEqual([])
})

interface Wire {
  readonly queue: EventQueue
  readonly links: Links
  readonly network: SimNetwork
  readonly log: string[]
  readonly attach: (
    node: string,
    inc?: number,
  ) => {
    readonly process: SimProcess
    readonly transport: ReturnType<SimNetwork['attach']>
  }
}

function setUpWire(weather = CALM): Wire {
  const queue = new EventQueue()
  const links = new Links(seededRandom(3), weather)
  const network = new SimNetwork({ queue, links })
  const log: string[] = []
  const attach = (node: string, inc = 1) => {
    const process = newProcess(queue)
    const address = `${node}:1`
    const listener: PeerListener = {
      identity: () => ({ node, zone: 'z1', inc, address }),
      connected: (_address, peer) => log.push(`${node} has ${peer.node}#${peer.inc}`),
      disconnected: (_address, other) => log.push(`${node} lost ${other}`),
      accepted: (peer) => log.push(`${node} let ${peer.node} in`),
      received: (from, message) => log.push(`${node} got ${message.kind} of ${from}`),
      refused: () => {},
    }
    return { process, transport: network.attach({ node, address, process }, listener) }
  }
  return { queue, links, network, log, attach }
}

const ACK: PeerMessage = { kind: 'ack', seq: 1, inc: 1, missing: [] }

test('a channel is dialled until its other end is there, and again after it died', () => {
  const { queue, log, attach } = setUpWire()
  const a = attach('a')
  a.transport.connect('b:1')
  queue.runUntil(2_000)
  expect(a.transport.send('b', ACK)).toBe(false)
  const b = attach('b')
  queue.runUntil(4_000)
  expect(log).toEqual(['b let a in', 'a has b#1'])
  expect(a.transport.send('b', ACK)).toBe(true)
  queue.runUntil(5_000)
  expect(log.splice(0)).toContain('b got ack of a')
  b.process.kill()
  queue.runUntil(6_000)
  attach('b', 2)
  queue.runUntil(8_000)
  expect(log).toEqual(['a lost b', 'b let a in', 'a has b#2'])
})

test('a cut way loses what it carries and keeps the channel; the other way stays open', () => {
  const { queue, links, log, attach } = setUpWire()
  const a = attach('a')
  const b = attach('b')
  a.transport.connect('b:1')
  b.transport.connect('a:1')
  queue.runUntil(1_000)
  log.length = 0
  links.cut('a', 'b')
  expect(a.transport.send('b', ACK)).toBe(true)
  expect(b.transport.send('a', ACK)).toBe(true)
  queue.runUntil(5_000)
  expect(log).toEqual(['a got ack of b'])
  links.fill('b', 'a')
  expect(b.transport.send('a', ACK)).toBe(false)
})

test('bad weather loses, repeats and delays about as much as it says', () => {
  const weather = { ...CALM, lossShare: 0.1, duplicateShare: 0.2, slowShare: 0.05 }
  const links = new Links(seededRandom(5), weather)
  const deliveries = Array.from({ length: 5_000 }, () => links.deliveries('a', 'b'))
  const share = (count: number) => deliveries.filter((each) => each.length === count).length / 5_000
  expect(share(0)).toBeCloseTo(0.1, 1)
  expect(share(2)).toBeCloseTo(0.18, 1)
  const slow = deliveries.flat().filter((ms) => ms >= 100).length / deliveries.flat().length
  expect(slow).toBeCloseTo(0.05, 1)
})

/** A client whose requests the test answers. */
function setUpClient(hasSession = true) {
  const queue = new EventQueue()
  const requests: { node: string; request: Request; answer: (answer: Answer) => void }[] = []
  const events: ClientEvent[] = []
  const client = new ClientProcess(
    1,
    { ref: { env: 'default', service: 'web', id: 'k' }, version: 'v1' },
    {
      habits: {
        nodes: () => ['a', 'b'],
        isBalanced: false,
        followsHome: false,
        hasSession,
        heartbeatMs: 3_000,
        ttlMs: 9_000,
      },
      port: {
        queue,
        random: seededRandom(1),
        wallMs: () => 1_000_000 + queue.nowMs,
        send: (node, request, answer) => requests.push({ node, request, answer }),
        note: (event) => events.push(event),
      },
    },
  )
  const said = () => requests.map(({ node, request }) => `${request.op} at ${node}`)
  return { queue, client, requests, events, said }
}

test('a client registers, renews with what it got, and registers again when it is not known', () => {
  const { queue, client, requests, said } = setUpClient()
  client.start()
  requests[0]?.answer({ status: 'ok', content: 42 })
  queue.runUntil(4_000)
  expect(requests[1]?.request).toMatchObject({ op: 'renew', content: 42, session: 1_000_000 })
  requests[1]?.answer({ status: 'not_found' })
  expect(said()).toEqual(['register at a', 'renew at a', 'register at a'])
})

test('a client goes to the next node when one does not answer, and hears no late answer', () => {
  const { queue, client, requests, events, said } = setUpClient()
  client.start()
  queue.runUntil(1_200)
  expect(said()).toEqual(['register at a', 'register at b'])
  requests[0]?.answer({ status: 'ok', content: 1 })
  expect(events.map(({ kind }) => kind)).toEqual(['started'])
  requests[1]?.answer({ status: 'ok', content: 2 })
  queue.runUntil(5_000)
  expect(said()[2]).toBe('renew at b')
})

test('a client that is superseded at its first word outdoes that, later it stops', () => {
  const { queue, client, requests, events } = setUpClient()
  client.start()
  requests[0]?.answer({ status: 'superseded', session: 5_000_000 })
  expect(requests[1]?.request.session).toBe(5_000_001)
  requests[1]?.answer({ status: 'ok', content: 1 })
  queue.runUntil(4_000)
  requests[2]?.answer({ status: 'superseded', session: 6_000_000 })
  queue.runUntil(60_000)
  expect(requests).toHaveLength(3)
  expect(events.at(-1)?.kind).toBe('superseded')
})

test.each([
  { hasFlickered: false, told: ['was woken for nothing, by a'] },
  { hasFlickered: true, told: [] },
])(
  'a watcher that is woken without news complains, unless something went and came back: $hasFlickered',
  ({ hasFlickered, told }) => {
    const { plane, clock, register, ref } = setUpPlane()
    register()
    const said: string[] = []
    const watcher = new ClusterWatcher('web', {
      fail: (what) => said.push(what),
      hasFlickered: () => hasFlickered,
    })
    watcher.connect(plane)
    plane.set(ref(), { statusOverride: 'down' })
    clock.advanceNow(1)
    expect(said).toEqual([])
    plane.set(ref(), { statusOverride: null })
    plane.set(ref(), { statusOverride: 'down' })
    clock.advanceNow(COALESCE_MS)
    expect(said).toEqual(told)
  },
)

test('a timeline knows what was when, and since when', () => {
  const line = new Timeline<string>()
  line.set(0, 'a')
  line.set(10, 'b')
  line.set(15, 'b')
  line.set(20, 'c')
  expect([line.at(-1), line.at(0), line.at(19), line.at(20), line.last]).toEqual([
    undefined,
    'a',
    'b',
    'c',
    'c',
  ])
  expect(line.times).toEqual([0, 10, 20])
  expect(line.since(25, (value) => value !== 'a')).toBe(10)
  expect(line.since(25, (value) => value === 'a')).toBeUndefined()
  expect(line.always(12, 25, (value) => value !== 'a')).toBe(true)
  expect(line.always(9, 25, (value) => value !== 'a')).toBe(false)
})
