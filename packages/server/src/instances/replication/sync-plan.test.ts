import { expect, test } from 'vitest'
import { setUpPlane } from '../../testing/index.ts'
import { notedTransport } from '../../testing/replication-harness.ts'
import { LOOK_EVERY_MS } from './constants.ts'
import { Members } from './members.ts'
import { PeerLink } from './peer-link.ts'
import { noReplicationMetrics } from './replication-metrics.ts'
import { beginSyncs } from './sync-plan.ts'
import { Syncs } from './syncs.ts'
import { Ways } from './ways.ts'

/** Node `n1` at 20 s, with links to `n2` and `n3` that were acknowledged then. */
function setUp() {
  const { core } = setUpPlane().plane
  const nowMs = 20_000
  const members = new Members(0)
  const ways = new Ways({
    node: 'n1',
    transport: notedTransport(),
    metrics: noReplicationMetrics,
  })
  const begun: string[] = []
  const syncs = new Syncs({
    core,
    send(node, message) {
      if (message.kind === 'digest') begun.push(`${node} ${message.resting ? 'resting' : 'whole'}`)
    },
    receive: () => 'known',
    tell() {},
    isBooting: () => false,
    direct: () => [],
    ended() {},
  })
  const link = (node: string) => {
    const made = new PeerLink(node, nowMs)
    made.open.add(`${node}:1`)
    made.ackedAtMs = nowMs
    ways.links.set(node, made)
    return made
  }
  return {
    n2: link('n2'),
    n3: link('n3'),
    begun,
    hear(node: string) {
      members.hear({ node, inc: 1, counter: 1, ageMs: 0 }, nowMs)
    },
    begin(atMs = nowMs) {
      beginSyncs({ members, ways, syncs }, atMs)
      return begun
    },
  }
}

test('with nothing amiss nobody is synced with', () => {
  expect(setUp().begin()).toEqual([])
})

test('with who lives and is not relied on a sync begins, once', () => {
  const it = setUp()
  it.hear('n2')
  expect(it.begin()).toEqual(['n2 whole'])
  expect(it.begin()).toEqual(['n2 whole'])
})

test('who cannot be reached directly is learnt of from a peer that reaches it', () => {
  const it = setUp()
  it.n2.ackedAtMs = 10_000
  it.n3.direct = new Set(['n2'])
  it.hear('n2')
  expect(it.begin()).toEqual(['n3 whole'])
  const far = setUp()
  far.n3.direct = new Set(['n9'])
  far.hear('n9')
  expect(far.begin()).toEqual(['n3 whole'])
})

test('who was heard of and whom nobody reaches waits', () => {
  const it = setUp()
  it.hear('n9')
  expect(it.begin()).toEqual([])
})

test('a peer that was told less than everything is synced when it answers, and not before it may', () => {
  const it = setUp()
  it.n2.needsSync = true
  it.n2.heardAckAtMs = 15_000
  expect(it.begin()).toEqual([])
  it.n2.heardAckAtMs = 20_000
  it.n2.syncAgainAtMs = 21_000
  expect(it.begin()).toEqual([])
  it.n2.syncAgainAtMs = 20_000
  expect(it.begin()).toEqual(['n2 whole'])
})

test('two digests that differ twice are looked at, at rest, every 10 s at most', () => {
  const it = setUp()
  it.n2.mismatches = 1
  it.n3.lookedAtMs = 20_000 - LOOK_EVERY_MS + 1
  it.n3.mismatches = 5
  expect(it.begin()).toEqual([])
  it.n2.mismatches = 2
  expect(it.begin()).toEqual(['n2 resting'])
  expect(it.begin(20_001)).toEqual(['n2 resting', 'n3 resting'])
})
