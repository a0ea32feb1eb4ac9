import { expect, test } from 'vitest'
import { setUpPlane } from '../../testing/index.ts'
import {
  endedRecord,
  keyOfId,
  liveRecord,
  neighboursOf,
  notedTransport,
} from '../../testing/replication-harness.ts'
import { EMPTY_RECORD, vouched } from '../record.ts'
import type { Origin } from '../stamp.ts'
import { Forwarding } from './forwarding.ts'
import { Members } from './members.ts'
import type { ForwardMessage } from './messages.ts'
import { PeerLink } from './peer-link.ts'
import { receive } from './receive.ts'
import { noReplicationMetrics } from './replication-metrics.ts'
import { Ways } from './ways.ts'

const TTL_MS = 90_000
const HOME: Origin = { node: 'n2', inc: 1 }
const A = keyOfId('a')

/** Node `n1`, with a link to `n2`, which is home of `web/a` and was just heard and synced. */
function setUp() {
  const harness = setUpPlane()
  const { core } = harness.plane
  const neighbours = neighboursOf(harness.plane)
  const transport = notedTransport()
  const members = new Members(0)
  const ways = new Ways({ node: 'n1', transport, metrics: noReplicationMetrics })
  const metrics = { ...noReplicationMetrics, counts: { forwarded: 0 } }
  const forwarding = new Forwarding({
    core,
    members,
    ways,
    metrics: { ...metrics, forwarded: (count) => void (metrics.counts.forwarded += count) },
  })
  neighbours.forget = (entry) => {
    forwarding.forget(entry)
  }
  neighbours.standing = (home) => members.standing(home, core.time.lastMs)
  const link = new PeerLink('n2', 0)
  link.open.add('n2:1')
  ways.links.set('n2', link)
  let counter = 0
  const hearHome = (inc = 1) => {
    counter += 1
    members.hear({ node: 'n2', inc, counter, ageMs: 0 }, core.time.nowMs())
    members.synced('n2', core.time.nowMs())
    link.ackedAtMs = core.time.lastMs
    core.homes.review()
  }
  hearHome()
  const bring = (record = liveRecord({ home: HOME }), id = 'a') =>
    receive(
      core,
      { key: keyOfId(id), record },
      {
        isNews: true,
        isBooting: false,
        handOver(entry, evidenceAtMs) {
          forwarding.handOver(entry, evidenceAtMs, core.time.lastMs)
        },
      },
    )
  bring()
  const forwards = () =>
    transport.sent.flatMap(({ to, message }) =>
      message.kind === 'forward' ? [{ to, message }] : [],
    )
  const renew = (id = 'a') => {
    const entry = core.table.find(keyOfId(id))
    if (!entry) throw new Error('nothing to renew')
    core.renewed(entry, core.time.nowMs())
    return forwarding.take(entry, core.time.lastMs)
  }
  return {
    ...harness,
    core,
    members,
    ways,
    link,
    transport,
    forwarding,
    metrics,
    hearHome,
    bring,
    renew,
    forwards,
    last: () => forwards().at(-1)?.message,
    homeOf: (id = 'a') => core.table.find(keyOfId(id))?.record.life?.home.node,
    receive(renewals: ForwardMessage['renewals'], hops = 0) {
      forwarding.received({ kind: 'forward', seq: 1, hops, renewals }, core.time.nowMs())
    },
    /** Time passes in ticks while home beats, or does not. */
    pass(ms: number, isHomeHeard: boolean) {
      for (let left = ms; left > 0; left -= 250) {
        harness.clock.advanceNow(250)
        if (isHomeHeard) hearHome()
        else link.ackedAtMs = -1
        core.homes.review()
        forwarding.tick(core.time.nowMs())
      }
    },
  }
}

test('a renewal goes home with the next tick, as old as it is by then', () => {
  const it = setUp()
  expect(it.renew()).toBe(true)
  expect(it.forwards()).toEqual([])
  it.pass(250, true)
  expect(it.forwards()).toEqual([
    { to: 'n2', message: { kind: 'forward', seq: 1, hops: 0, renewals: [{ key: A, ageMs: 250 }] } },
  ])
  expect(it.metrics.counts.forwarded).toBe(1)
  it.forwarding.acked(1)
  expect(it.forwarding.waiting).toBe(0)
  it.pass(2_000, true)
  expect(it.forwards()).toHaveLength(1)
})

test('without an acknowledgement it is sent again with its whole age', () => {
  const it = setUp()
  it.renew()
  it.pass(750, true)
  expect(it.forwards().map(({ message }) => message.renewals[0]?.ageMs)).toEqual([250, 750])
})

test('with no way home, or home lost, it is not taken: it has to be claimed', () => {
  const it = setUp()
  it.link.open.clear()
  expect(it.renew()).toBe(false)
  const lost = setUp()
  lost.pass(5_000, false)
  lost.link.ackedAtMs = lost.core.time.lastMs
  expect(lost.renew()).toBe(false)
  expect(lost.forwarding.waiting).toBe(0)
})

test('what was not delivered for a third of its ttl is claimed, although home lives', () => {
  const it = setUp()
  it.renew()
  it.pass(TTL_MS / 3, true)
  expect(it.homeOf()).toBe('n2')
  it.pass(250, true)
  expect(it.homeOf()).toBe('n1')
  expect(it.forwarding.waiting).toBe(0)
  // Its deadline counts from the renewal, not from the claim.
  it.run(TTL_MS - TTL_MS / 3 - 1_000)
  expect(it.ids()).toEqual(['a'])
  it.run(2_500)
  expect(it.ids()).toEqual([])
})

test('when home is lost, what waits is claimed at once', () => {
  const it = setUp()
  it.renew()
  it.pass(4_750, false)
  expect(it.homeOf()).toBe('n2')
  it.pass(500, false)
  expect(it.homeOf()).toBe('n1')
})

/** What `n1` was home of until `n2` claimed it. */
function handedOver() {
  const it = setUp()
  it.register({ id: 'b' })
  it.run(1_000)
  const life = it.record({ id: 'b' })?.life
  if (!life) throw new Error('nothing to claim')
  const ver = { at: life.ver.at + 1, by: HOME }
  it.bring({ ...EMPTY_RECORD, life: vouched(life, ver, HOME) }, 'b')
  expect(it.homeOf('b')).toBe('n2')
  return it
}

test('who was home takes what it knows to the next one', () => {
  const it = handedOver()
  it.pass(250, true)
  expect(it.last()).toMatchObject({ hops: 0, renewals: [{ key: keyOfId('b'), ageMs: 1_250 }] })
})

test('a hand-over is never claimed while the new home lives', () => {
  const it = handedOver()
  it.pass(TTL_MS / 3 + 500, true)
  expect(it.homeOf('b')).toBe('n2')
  expect(it.forwarding.waiting).toBe(0)
})

test('a hand-over is claimed when the new home is lost', () => {
  const it = handedOver()
  it.pass(5_250, false)
  expect(it.homeOf('b')).toBe('n1')
})

test('a client that renews makes a hand-over its own', () => {
  const it = handedOver()
  it.pass(1_000, true)
  it.renew('b')
  it.pass(TTL_MS / 3, true)
  expect(it.homeOf('b')).toBe('n1')
})

test('a renewal for us moves the deadline by its age, and goes nowhere', () => {
  const it = setUp()
  it.register({ id: 'b' })
  it.run(60_000)
  it.receive([{ key: keyOfId('b'), ageMs: 10_000 }])
  expect(it.forwarding.waiting).toBe(0)
  it.run(TTL_MS - 10_000 - 1_000)
  expect(it.shown({ id: 'b' })).toBeDefined()
  it.run(2_500)
  expect(it.shown({ id: 'b' })).toBeUndefined()
})

test('an older renewal than what is known moves no deadline back', () => {
  const it = setUp()
  it.register({ id: 'b' })
  it.run(1_000)
  it.receive([{ key: keyOfId('b'), ageMs: 30_000 }])
  expect(it.entry({ id: 'b' })?.evidenceAtMs).toBe(0)
})

test('a renewal for another is passed on twice at most, and never claimed', () => {
  const it = setUp()
  it.receive([{ key: A, ageMs: 100 }], 0)
  it.pass(250, true)
  expect(it.last()).toMatchObject({ hops: 1, renewals: [{ ageMs: 350 }] })
  it.pass(TTL_MS / 3 + 500, true)
  expect(it.forwarding.waiting).toBe(0)
  expect(it.homeOf()).toBe('n2')

  const far = setUp()
  far.receive([{ key: A, ageMs: 100 }], 1)
  far.pass(250, true)
  expect(far.last()).toMatchObject({ hops: 2 })
  const farthest = setUp()
  farthest.receive([{ key: A, ageMs: 100 }], 2)
  expect(farthest.forwarding.waiting).toBe(0)
})

test('what is passed on is not claimed when its home is lost: who took the renewal does that', () => {
  const it = setUp()
  it.receive([{ key: A, ageMs: 100 }], 0)
  it.pass(6_000, false)
  expect(it.homeOf()).toBe('n2')
  expect(it.forwarding.waiting).toBe(0)
})

test('a renewal of what ended, or of what nobody knows, goes nowhere', () => {
  const it = setUp()
  it.bring(endedRecord('cancelled', { home: HOME }))
  it.receive([
    { key: A, ageMs: 0 },
    { key: keyOfId('nobody'), ageMs: 0 },
  ])
  expect(it.forwarding.waiting).toBe(0)
})

test('what ended while its renewal waited is not sent', () => {
  const it = setUp()
  it.renew()
  it.bring(endedRecord('cancelled', { home: HOME }))
  it.pass(250, true)
  expect(it.forwards()).toEqual([])
  expect(it.forwarding.waiting).toBe(0)
})

test('renewals of one home travel together, those of another hop count apart, 4,000 in a message', () => {
  const it = setUp()
  for (let at = 0; at < 4_001; at += 1) {
    it.bring(liveRecord({ home: HOME }), `b${at}`)
    it.renew(`b${at}`)
  }
  it.receive([{ key: A, ageMs: 100 }], 0)
  it.pass(250, true)
  expect(it.forwards().map(({ message }) => [message.hops, message.renewals.length])).toEqual([
    [0, 4_000],
    [0, 1],
    [1, 1],
  ])
})

test('without a channel nothing counts as sent', () => {
  const it = setUp()
  it.renew()
  it.transport.shut.add('n2')
  it.pass(250, true)
  it.transport.shut.clear()
  it.pass(250, true)
  expect(it.forwards()).toHaveLength(1)
  expect(it.metrics.counts.forwarded).toBe(1)
})
