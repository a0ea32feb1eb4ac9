import { expect, test } from 'vitest'
import { setUpPlane } from '../../testing/index.ts'
import {
  keyOfId,
  liveRecord,
  neighboursOf,
  notedTransport,
} from '../../testing/replication-harness.ts'
import { Dialling } from './dialling.ts'
import { endMember, memberEntry } from './membership.ts'
import { PeerLink } from './peer-link.ts'
import { receive } from './receive.ts'
import { noReplicationMetrics } from './replication-metrics.ts'
import { Ways } from './ways.ts'

/** Node `n1` at `10.0.0.1:80`, as its own record says, with a seed that was dialled. */
function setUp({ seeds = ['seed:1'], own = '10.0.0.1:80' } = {}) {
  const { plane } = setUpPlane()
  const { core } = plane
  neighboursOf(plane)
  const transport = notedTransport()
  const ways = new Ways({ node: 'n1', transport, metrics: noReplicationMetrics })
  const dialling = new Dialling({ core, ways, transport, address: () => own, seeds })
  for (const seed of seeds) transport.connect(seed)
  const dropped: string[] = []
  return {
    dialling,
    transport,
    dropped,
    /** What is dialled besides seeds. */
    dialled: () => [...transport.wanted].filter((address) => !seeds.includes(address)),
    tick(nowMs: number) {
      dialling.tick(nowMs, (node) => void dropped.push(node))
    },
    /** A node is registered, as it or others said. Its record has one address. */
    join(node: string) {
      const record = liveRecord({ home: { node, inc: 1 } })
      receive(
        core,
        { key: keyOfId(node, 'infra.discovery'), record },
        { isNews: true, isBooting: false, handOver() {} },
      )
    },
    remove(node: string) {
      const entry = memberEntry(core, node)
      if (entry) endMember(core, entry)
    },
    /** A channel to a node is open. */
    open(node: string, address: string) {
      const link = ways.links.get(node) ?? new PeerLink(node, 0)
      link.open.add(address)
      ways.links.set(node, link)
      dialling.connected(node, link.open)
    },
    close(node: string, address: string) {
      ways.links.get(node)?.open.delete(address)
    },
  }
}

// The address of every record that `liveRecord` makes.
const ADDRESS = '10.0.0.1:80'

test('a member is dialled after a second, unless a seed leads to it', () => {
  const it = setUp()
  it.join('n2')
  it.tick(0)
  it.tick(999)
  expect(it.dialled()).toEqual([])
  it.tick(1_000)
  expect(it.dialled()).toEqual([ADDRESS])

  const other = setUp()
  other.join('n2')
  other.tick(0)
  other.open('n2', 'seed:1')
  other.tick(60_000)
  expect(other.dialled()).toEqual([])
})

test('who was reached by a seed is dialled when that channel breaks, and given up when it is back', () => {
  const it = setUp()
  it.join('n2')
  it.tick(0)
  it.open('n2', 'seed:1')
  it.tick(5_000)
  it.close('n2', 'seed:1')
  it.tick(5_250)
  expect(it.dialled()).toEqual([ADDRESS])
  it.open('n2', 'seed:1')
  expect(it.dialled()).toEqual([])
  it.close('n2', 'seed:1')
  it.tick(6_000)
  expect(it.dialled()).toEqual([ADDRESS])
})

test('the address by which a node was reached stays', () => {
  const it = setUp()
  it.join('n2')
  it.tick(0)
  it.tick(1_000)
  it.open('n2', ADDRESS)
  expect(it.dialled()).toEqual([ADDRESS])
})

test('seeds are dialled for ever: also one whose member has left', () => {
  const it = setUp({ seeds: [ADDRESS], own: '10.0.0.9:80' })
  it.join('n2')
  it.tick(0)
  it.tick(1_000)
  it.open('n2', ADDRESS)
  it.remove('n2')
  it.tick(2_000)
  expect(it.dropped).toEqual(['n2'])
  expect([...it.transport.wanted]).toEqual([ADDRESS])
})

test('a member that left is hung up and dropped, once', () => {
  const it = setUp()
  it.join('n2')
  it.tick(0)
  it.tick(1_000)
  it.remove('n2')
  it.tick(1_250)
  it.tick(1_500)
  expect(it.dialled()).toEqual([])
  expect(it.dropped).toEqual(['n2'])
})

// It restarted with another id: the channel that was dialled for the old one is that of the new one now.
test('an address that leads to another member by now is not hung up with the one that left', () => {
  const it = setUp({ own: '10.0.0.9:80' })
  it.join('n2')
  it.tick(0)
  it.tick(1_000)
  it.join('n2-renamed')
  it.open('n2-renamed', ADDRESS)
  it.tick(2_000)
  it.remove('n2')
  it.tick(2_250)
  it.tick(9_000)
  expect(it.dropped).toEqual(['n2'])
  expect(it.dialled()).toEqual([ADDRESS])
})

test('who dials us is dialled back, unless it is reached already', () => {
  const it = setUp()
  const peer = { node: 'n2', zone: 'z1', inc: 1, address: '10.0.0.2:80' }
  it.dialling.dialBack(peer)
  expect(it.dialled()).toEqual(['10.0.0.2:80'])
  it.open('n3', 'seed:1')
  it.dialling.dialBack({ ...peer, node: 'n3', address: '10.0.0.3:80' })
  expect(it.dialled()).toEqual(['10.0.0.2:80'])
})

test('our id under another address is probed for a second: somebody may live there', () => {
  const it = setUp({ own: '10.0.0.9:80' })
  it.join('n1')
  it.tick(1_000)
  expect(it.dialled()).toEqual([ADDRESS])
  expect(it.dialling.isProbing(1_999)).toBe(true)
  it.tick(1_500)
  expect(it.dialling.isProbing(2_000)).toBe(false)
})

test('our id under our own address is nothing to probe', () => {
  const it = setUp({ own: ADDRESS })
  it.join('n1')
  it.tick(1_000)
  expect(it.dialled()).toEqual([])
  expect(it.dialling.isProbing(1_000)).toBe(false)
})

/** A node at `10.0.0.9:80` that finds its id registered elsewhere, by its earlier life, and registers anew. */
function moveFrom(earlier: string, seeds: readonly string[]) {
  const { plane } = setUpPlane()
  neighboursOf(plane)
  const transport = notedTransport()
  const ways = new Ways({ node: 'n1', transport, metrics: noReplicationMetrics })
  const address = () => '10.0.0.9:80'
  const dialling = new Dialling({ core: plane.core, ways, transport, seeds, address })
  for (const seed of seeds) transport.connect(seed)
  const nobody = () => {}
  plane.registerSelf({ addresses: [`http://${earlier}`] })
  dialling.tick(0, nobody)
  expect(transport.wanted).toContain(earlier)
  plane.registerSelf({ addresses: ['http://10.0.0.9:80'] })
  dialling.tick(250, nobody)
  expect(dialling.isProbing(250)).toBe(false)
  return transport.wanted
}

test('the probe ends when our own record says where we are', () => {
  expect([...moveFrom('10.0.0.8:80', ['seed:1'])]).toEqual(['seed:1'])
})

test('seeds are dialled for ever: also one at which our earlier life was', () => {
  expect([...moveFrom('10.0.0.8:80', ['10.0.0.8:80'])]).toEqual(['10.0.0.8:80'])
})

test('refused addresses are remembered with the last reason, a hundred of them', () => {
  const it = setUp()
  for (let at = 0; at < 101; at += 1) it.dialling.refused(`a${at}`, 'no')
  it.dialling.refused('a1', 'again no')
  expect(it.dialling.refusals.size).toBe(100)
  expect(it.dialling.refusals.has('a0')).toBe(false)
  expect([...it.dialling.refusals].at(-1)).toEqual(['a1', 'again no'])
})
