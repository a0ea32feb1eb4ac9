import { expect, test } from 'vitest'
import { notedTransport } from '../../testing/replication-harness.ts'
import type { DirectMessage } from './messages.ts'
import { PeerLink } from './peer-link.ts'
import { noReplicationMetrics } from './replication-metrics.ts'
import { Ways } from './ways.ts'

const MESSAGE: DirectMessage = { kind: 'forward-ack', seq: 7 }
const NOW_MS = 60_000

interface LinkState {
  readonly open?: boolean
  /** Milliseconds since the last acknowledgement by the direct way. */
  readonly ackAgeMs?: number
  readonly direct?: readonly string[]
}

/** Node `n1` with links as given, made a minute ago. */
function setUp(links: Readonly<Record<string, LinkState>>) {
  const transport = notedTransport()
  const counted: string[] = []
  const metrics = { ...noReplicationMetrics, sent: (kind: string) => void counted.push(kind) }
  const ways = new Ways({ node: 'n1', transport, metrics })
  for (const [node, { open = true, ackAgeMs, direct = [] }] of Object.entries(links)) {
    const link = new PeerLink(node, 0)
    if (open) link.open.add(`${node}:1`)
    if (ackAgeMs !== undefined) link.ackedAtMs = NOW_MS - ackAgeMs
    link.direct = new Set(direct)
    ways.links.set(node, link)
  }
  return { ways, transport, counted, send: () => ways.send('n2', MESSAGE, NOW_MS) }
}

const RELAYED = { kind: 'relay', from: 'n1', to: 'n2', message: MESSAGE }

test('a link that was acknowledged a moment ago is used', () => {
  const it = setUp({ n2: { ackAgeMs: 2_999 }, n3: { ackAgeMs: 0, direct: ['n2'] } })
  expect(it.send()).toBe('direct')
  expect(it.transport.sent).toEqual([{ to: 'n2', message: MESSAGE }])
  expect(it.counted).toEqual(['forward-ack'])
  expect(it.ways.hasRoute('n2', NOW_MS)).toBe(true)
})

test('past 3 s without an acknowledgement the message goes through a peer that reaches it', () => {
  const it = setUp({ n2: { ackAgeMs: 3_000 }, n3: { ackAgeMs: 2_999, direct: ['n4', 'n2'] } })
  expect(it.send()).toBe('relayed')
  expect(it.transport.sent).toEqual([{ to: 'n3', message: RELAYED }])
  expect(it.counted).toEqual(['relay'])
  expect(it.ways.hasRoute('n2', NOW_MS)).toBe(true)
})

test.each([
  { why: 'it does not reach the receiver', n3: { ackAgeMs: 0, direct: ['n4'] } },
  { why: 'its link is not proved lately', n3: { ackAgeMs: 3_000, direct: ['n2'] } },
  { why: 'its link was never proved', n3: { direct: ['n2'] } },
  { why: 'its channel is closed', n3: { open: false, ackAgeMs: 0, direct: ['n2'] } },
])('nobody relays of whom this holds: $why', ({ n3 }) => {
  const it = setUp({ n2: { ackAgeMs: 9_000 }, n3 })
  // With no way that is known to work, directly, in hope.
  expect(it.send()).toBe('direct')
  expect(it.transport.sent).toEqual([{ to: 'n2', message: MESSAGE }])
  expect(it.ways.hasRoute('n2', NOW_MS)).toBe(false)
})

test('the receiver never relays to itself', () => {
  const it = setUp({ n2: { ackAgeMs: 3_000, direct: ['n2'] } })
  it.send()
  expect(it.transport.sent).toEqual([{ to: 'n2', message: MESSAGE }])
})

test('a closed channel is no way, however fresh its acknowledgement', () => {
  const it = setUp({ n2: { open: false, ackAgeMs: 0 }, n3: { ackAgeMs: 0, direct: ['n2'] } })
  expect(it.send()).toBe('relayed')
})

test('a new link is given 5 s to prove itself, and relays nothing meanwhile', () => {
  const it = setUp({})
  const fresh = new PeerLink('n2', NOW_MS - 4_999)
  fresh.open.add('n2:1')
  it.ways.links.set('n2', fresh)
  expect(fresh.isDirect(NOW_MS)).toBe(true)
  expect(fresh.isProved(NOW_MS)).toBe(false)
  expect(fresh.isDirect(NOW_MS + 1)).toBe(false)
  expect(it.ways.direct(NOW_MS)).toEqual([])
})

test('to whom there is no channel nothing is sent, and nothing is counted', () => {
  const it = setUp({ n2: { ackAgeMs: 0 } })
  it.transport.shut.add('n2')
  expect(it.send()).toBe('none')
  it.ways.passOn('n3', 'n2', MESSAGE)
  expect(it.counted).toEqual([])
  it.transport.shut.clear()
  it.transport.shut.add('n3')
  const cut = setUp({ n2: {}, n3: { ackAgeMs: 0, direct: ['n2'] } })
  cut.transport.shut.add('n3')
  expect(cut.send()).toBe('none')
})

test('what is passed on names its sender, and goes the direct way alone', () => {
  const it = setUp({ n2: { ackAgeMs: 9_000 }, n3: { ackAgeMs: 0, direct: ['n2'] } })
  it.ways.passOn('n4', 'n2', MESSAGE)
  expect(it.transport.sent).toEqual([{ to: 'n2', message: { ...RELAYED, from: 'n4' } }])
})

test('others are told whom an acknowledgement has just proved', () => {
  const it = setUp({
    n2: { ackAgeMs: 2_999 },
    n3: { ackAgeMs: 3_000 },
    n4: {},
    n5: { open: false, ackAgeMs: 0 },
  })
  expect(it.ways.direct(NOW_MS)).toEqual(['n2'])
})
