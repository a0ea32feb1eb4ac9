import { expect, test } from 'vitest'
import { recount, setUpPlane, type PlaneSetUp } from '../../testing/index.ts'
import {
  endedRecord,
  HOME,
  keyOfId,
  liveRecord,
  neighboursOf,
  WALL_MS,
} from '../../testing/replication-harness.ts'
import { HORIZON_MS, MEMBER_HORIZON_MS, REFUSE_MS } from '../constants.ts'
import type { Entry } from '../entry.ts'
import { ALL } from '../loss-set.ts'
import { EMPTY_RECORD, POLICY_ID, type InstanceRecord } from '../record.ts'
import type { ShippedRecord } from './messages.ts'
import { receive, receiveRenewal } from './receive.ts'

const TTL_MS = 90_000

/** Node `n1`; `n2` and `n3` are trusted unless a test says otherwise. */
function setUp(options: PlaneSetUp & { readonly isBooting?: boolean } = {}) {
  const harness = setUpPlane(options)
  const { core } = harness.plane
  const neighbours = neighboursOf(harness.plane)
  neighbours.known.add('n2')
  const handed: { readonly entry: Entry; readonly evidenceAtMs: number }[] = []
  const take = (record: InstanceRecord, shipped: Partial<ShippedRecord> = {}, isNews = true) => {
    core.time.nowMs()
    const reception = receive(
      core,
      { key: keyOfId('a'), record, ...shipped },
      {
        isNews,
        isBooting: options.isBooting === true,
        handOver: (entry, evidenceAtMs) => void handed.push({ entry, evidenceAtMs }),
      },
    )
    const { counted, kept } = recount(harness.plane)
    expect(kept).toEqual(counted)
    return reception
  }
  const standing = (node: string, is: 'trusted' | 'doubted' | 'lost') => {
    neighbours.standings.set(node, is)
    core.homes.review()
    harness.run(250)
  }
  /** What is held of `a`, as if its home had said something later about it. */
  const later = (life: Partial<NonNullable<InstanceRecord['life']>>): InstanceRecord => {
    const known = harness.record()?.life
    if (!known) throw new Error('nothing is held')
    return { ...EMPTY_RECORD, life: { ...known, ...life } }
  }
  return { ...harness, core, neighbours, take, handed, standing, later }
}

const lifeOnly = (record: InstanceRecord): InstanceRecord => ({
  ...EMPTY_RECORD,
  life: record.life,
})

test('a record of a peer is shown, remembered, and not told on', () => {
  const it = setUp()
  expect(it.take(liveRecord())).toBe('merged')
  expect(it.ids()).toEqual(['a'])
  expect(it.events()).toEqual(['registered'])
  expect(it.neighbours.told).toEqual([])
  expect(it.take(structuredClone(liveRecord()))).toBe('known')
})

test('the clock follows the stamps that come', () => {
  const it = setUp()
  it.take(liveRecord({ verMs: WALL_MS + 30_000 }))
  it.register({ id: 'b' })
  const ver = it.record({ id: 'b' })?.life?.ver.at ?? 0
  expect(ver).toBeGreaterThan(liveRecord({ verMs: WALL_MS + 30_000 }).life?.ver.at ?? 0)
})

test.each([
  { when: 'its version', written: { verMs: WALL_MS + REFUSE_MS + 1 } },
  { when: 'its generation', written: { genMs: WALL_MS + REFUSE_MS + 1 } },
  { when: 'its content', written: { cverMs: WALL_MS + REFUSE_MS + 1 } },
])('what is stamped more than a day ahead is refused: $when', ({ written }) => {
  const it = setUp()
  expect(it.take(liveRecord(written))).toBe('future')
  expect(it.entry()).toBeUndefined()
})

test('what is stamped a day ahead is taken', () => {
  expect(setUp().take(liveRecord({ verMs: WALL_MS + REFUSE_MS }))).toBe('merged')
})

test('an override from the future is refused', () => {
  const over = { at: (WALL_MS + REFUSE_MS + 1) * 2_048, by: HOME }
  expect(setUp().take({ ...liveRecord(), override: { over, value: 'down' } })).toBe('future')
})

test.each([
  { what: 'a version', record: (ms: number) => liveRecord({ genMs: ms }) },
  { what: 'a cancel', record: (ms: number) => endedRecord('cancelled', {}, ms) },
  { what: 'an eviction', record: (ms: number) => endedRecord('evicted', {}, ms) },
])('$what of more than two hours ago is refused', ({ record }) => {
  const it = setUp()
  expect(it.take(record(WALL_MS - HORIZON_MS - 1))).toBe('old')
  expect(it.entry()).toBeUndefined()
  expect(it.take(record(WALL_MS - HORIZON_MS))).toBe('merged')
})

test('a tombstone is as old as its end, not as the version that it marks', () => {
  const genMs = WALL_MS - 2 * HORIZON_MS
  expect(setUp().take(endedRecord('evicted', { genMs }, WALL_MS - 1_000))).toBe('merged')
})

test('a node is remembered as a member for a day', () => {
  const it = setUp()
  const key = keyOfId('n2', 'infra.discovery')
  expect(it.take(liveRecord({ genMs: WALL_MS - MEMBER_HORIZON_MS - 1 }), { key })).toBe('old')
  expect(it.take(liveRecord({ genMs: WALL_MS - MEMBER_HORIZON_MS }), { key })).toBe('merged')
})

test('with the table full no other life is taken, what lives goes on, and ends are heard', () => {
  const it = setUp({ limits: { instancesMax: 1 } })
  expect(it.take(liveRecord())).toBe('merged')
  expect(it.take(liveRecord(), { key: keyOfId('b') })).toBe('limit')
  expect(it.entry({ id: 'b' })).toBeUndefined()
  expect(it.take(liveRecord({ verMs: WALL_MS + 1 }))).toBe('merged')
  expect(it.take(endedRecord('cancelled'), { key: keyOfId('b') })).toBe('merged')
  expect(it.take(liveRecord({ genMs: WALL_MS + 9 }), { key: keyOfId('b') })).toBe('limit')
})

test('a life alone of what nobody told us of is incomplete, and makes no record', () => {
  const it = setUp()
  expect(it.take(lifeOnly(liveRecord()))).toBe('incomplete')
  expect(it.entry()).toBeUndefined()
  expect(it.plane.stats().records).toBe(0)
})

test('a life alone of what is known moves its home and wakes nobody', () => {
  const it = setUp()
  it.take(liveRecord())
  const { revision } = it.plane.stats()
  const home = { node: 'n3', inc: 1 }
  expect(it.take(lifeOnly(liveRecord({ home, verMs: WALL_MS + 5 })))).toBe('merged')
  expect(it.record()?.life?.home).toEqual(home)
  expect(it.record()?.content).toEqual(liveRecord().content)
  expect(it.plane.stats().revision).toBe(revision)
  expect(it.events()).toEqual(['registered', 'claimed'])
})

/** A tombstone as it leaves in a batch: without what it was. */
const bare: InstanceRecord = { ...endedRecord('evicted'), content: null }

test('a life alone after a tombstone without content is incomplete and not shown, and complete with the rest', () => {
  const it = setUp()
  it.take(bare)
  const alive = liveRecord({ verMs: WALL_MS + 5, cverMs: WALL_MS + 5 })
  expect(it.take(lifeOnly(alive))).toBe('incomplete')
  expect(it.ids()).toEqual([])
  expect(it.take(alive)).toBe('merged')
  expect(it.ids()).toEqual(['a'])
  it.run(TTL_MS)
  expect(it.ids()).toEqual(['a'])
})

// Batches are repeated until acknowledged: to the second one too the sender must hear that the rest is missing.
test('what is still incomplete when it comes again is said to be', () => {
  const it = setUp()
  it.take(bare)
  const alive = lifeOnly(liveRecord({ verMs: WALL_MS + 5 }))
  expect(it.take(alive)).toBe('incomplete')
  expect(it.take(structuredClone(alive))).toBe('incomplete')
})

test('an operator’s word on a service is taken without a life, and forgotten if nothing else comes', () => {
  const it = setUp()
  const key = keyOfId(POLICY_ID)
  const over = { at: WALL_MS * 2_048, by: HOME }
  const record = { ...EMPTY_RECORD, override: { over, value: 'protection_forbidden' as const } }
  expect(it.take(record, { key })).toBe('merged')
  expect(it.take(structuredClone(record), { key })).toBe('known')
  expect(it.plane.stats()).toMatchObject({ records: 0, live: 0 })
  it.run(HORIZON_MS + 2_000)
  expect(it.core.table.find(key)).toBeUndefined()
  expect(it.core.digest.root).toEqual([0, 0])
})

test('an eviction is refuted with a renewal that is younger than the ttl, and never seen', () => {
  const it = setUp()
  it.take(liveRecord())
  it.renew()
  expect(it.neighbours.forwarded).toEqual(['a'])
  it.run(TTL_MS - 250)
  const { revision } = it.plane.stats()
  expect(it.take(endedRecord('evicted', {}, it.clock.wallMs()))).toBe('merged')
  expect(it.ids()).toEqual(['a'])
  expect(it.plane.stats().revision).toBe(revision)
  expect(it.record()?.life).toMatchObject({
    evicted: false,
    tombAtMs: 0,
    home: it.core.stamps.origin,
  })
  expect(it.events().at(-1)).toBe('refuted')
  expect(it.neighbours.told).toEqual([{ id: 'a', lifeOnly: false }])
  // From then on it is ours, and its renewal as old as it was.
  it.run(2_500)
  expect(it.ids()).toEqual([])
  expect(it.events().at(-1)).toBe('evicted')
})

test.each([
  { when: 'nothing was renewed here', renewed: false, how: 'evicted' as const, ms: 1_000 },
  { when: 'the renewal is older than the ttl', renewed: true, how: 'evicted' as const, ms: TTL_MS },
  { when: 'it was cancelled', renewed: true, how: 'cancelled' as const, ms: 1_000 },
])('no end is refuted when $when', ({ renewed, how, ms }) => {
  const it = setUp()
  it.take(liveRecord())
  if (renewed) it.renew()
  it.run(ms)
  expect(it.take(endedRecord(how, {}, it.clock.wallMs()))).toBe('merged')
  expect(it.ids()).toEqual([])
  expect(it.record()?.life?.[how]).toBe(true)
})

test('an end that says both, a cancel and an eviction, is a cancel', () => {
  const it = setUp()
  it.take(liveRecord())
  it.renew()
  it.take(it.later({ cancelled: true, evicted: true, tombAtMs: WALL_MS }))
  expect(it.ids()).toEqual([])
})

test('who was home hands over what it knows when another has claimed, and evicts no more', () => {
  const it = setUp()
  it.register()
  it.run(10_000)
  const { stamps } = it.core
  const home = { node: 'n3', inc: 1 }
  const ver = { at: (it.record()?.life?.ver.at ?? 0) + 1, by: home }
  it.take(it.later({ home, ver }))
  expect(it.handed).toEqual([{ entry: it.entry(), evidenceAtMs: 0 }])
  expect(stamps.origin.node).toBe('n1')
  it.run(2 * TTL_MS)
  expect(it.ids()).toEqual(['a'])
})

test('what a peer writes about an instance of ours keeps us its home, and its deadline', () => {
  const it = setUp()
  it.register()
  const before = it.record()
  if (!before?.life || !before.content) throw new Error('not registered')
  const cver = { at: before.content.cver.at + 1, by: HOME }
  it.take({ ...EMPTY_RECORD, content: { ...before.content, cver, version: '2' } })
  expect(it.shown()?.record.content.version).toBe('2')
  expect(it.events()).toEqual(['registered', 'content_set'])
  it.run(TTL_MS + 2_000)
  expect(it.events().at(-1)).toBe('evicted')
})

test('the others say that we are home of what we do not know: we are, for a ttl', () => {
  const it = setUp()
  it.take(liveRecord({ home: it.core.stamps.origin, by: HOME }))
  expect(it.entry()?.home?.standing).toBe('own')
  it.run(TTL_MS - 1_000)
  expect(it.ids()).toEqual(['a'])
  it.run(3_000)
  expect(it.ids()).toEqual([])
})

test('what a lost home left is shown for a ttl and then hidden, without a tombstone', () => {
  const it = setUp()
  it.standing('n2', 'lost')
  it.take(liveRecord())
  it.run(TTL_MS - 1_000)
  expect(it.ids()).toEqual(['a'])
  it.run(2_500)
  expect(it.ids()).toEqual([])
  expect(it.record()?.life?.evicted).toBe(false)
  // Somebody vouches for it.
  it.take(lifeOnly(liveRecord({ home: { node: 'n3', inc: 1 }, verMs: WALL_MS + 5 })))
  expect(it.ids()).toEqual(['a'])
})

test('when a home is lost the time to hide runs, and stops when it is trusted again, not while it is doubted', () => {
  const it = setUp()
  it.take(liveRecord())
  it.run(60_000)
  it.standing('n2', 'lost')
  it.run(60_000)
  it.standing('n2', 'doubted')
  it.run(TTL_MS - 62_000)
  expect(it.ids()).toEqual(['a'])
  it.run(4_000)
  expect(it.ids()).toEqual([])
  it.standing('n2', 'trusted')
  expect(it.ids()).toEqual(['a'])
  it.run(2 * TTL_MS)
  expect(it.ids()).toEqual(['a'])
})

const MARKED = { orphan: { hideInMs: 5_000, hidden: false } }
const HIDDEN = { orphan: { hideInMs: -1_000, hidden: true } }

test('marks of a peer count for a key that is new here', () => {
  const it = setUp()
  it.standing('n2', 'lost')
  it.take(liveRecord(), MARKED)
  it.run(7_000)
  expect(it.ids()).toEqual([])
  it.take(liveRecord(), { key: keyOfId('b'), ...HIDDEN })
  expect(it.shown({ id: 'b' })).toBeUndefined()
  expect(it.entry({ id: 'b' })?.hidden).toBe(true)
})

test('marks of a peer do not count for what is known here, unless this node boots', () => {
  const it = setUp()
  it.standing('n2', 'lost')
  it.take(liveRecord())
  it.take(liveRecord(), HIDDEN)
  expect(it.ids()).toEqual(['a'])
  it.take(liveRecord({ cverMs: WALL_MS + 1 }), HIDDEN)
  expect(it.ids()).toEqual(['a'])
  it.take(liveRecord({ verMs: WALL_MS + 1 }), HIDDEN)
  expect(it.ids()).toEqual(['a'])
  it.run(10_000)
  expect(it.ids()).toEqual(['a'])

  const booting = setUp({ isBooting: true })
  booting.standing('n2', 'lost')
  booting.take(liveRecord())
  expect(booting.take(liveRecord(), MARKED)).toBe('known')
  booting.run(4_000)
  expect(booting.ids()).toEqual(['a'])
  booting.run(3_000)
  expect(booting.ids()).toEqual([])
})

test('marks do not count where the home is trusted, or is us', () => {
  const it = setUp()
  it.take(liveRecord(), HIDDEN)
  expect(it.ids()).toEqual(['a'])
  it.take(liveRecord({ home: it.core.stamps.origin, by: HOME }), { key: keyOfId('b'), ...HIDDEN })
  expect(it.ids().toSorted()).toEqual(['a', 'b'])
  // Not for a moment either: each change would wake its watchers.
  expect(it.events()).toEqual(['registered'])
  expect(it.events({ id: 'b' })).toEqual(['registered'])
})

test('a new life is shown although the one before was hidden', () => {
  const it = setUp()
  it.standing('n2', 'lost')
  it.standing('n3', 'doubted')
  it.take(liveRecord(), HIDDEN)
  it.take(liveRecord({ home: { node: 'n3', inc: 1 }, genMs: WALL_MS + 5 }))
  expect(it.ids()).toEqual(['a'])
  expect(it.events()).toContain('replaced')
})

test('what somebody claimed who is lost as well is shown for a ttl of its own', () => {
  const it = setUp()
  it.neighbours.known.add('n3')
  it.standing('n2', 'lost')
  it.standing('n3', 'lost')
  it.take(liveRecord(), MARKED)
  it.take(lifeOnly(liveRecord({ home: { node: 'n3', inc: 1 }, verMs: WALL_MS + 5 })))
  it.run(TTL_MS - 1_000)
  expect(it.ids()).toEqual(['a'])
  it.run(3_000)
  expect(it.ids()).toEqual([])
})

test('an eviction that another decided counts as a loss of its service', () => {
  const it = setUp()
  const ids = Array.from({ length: 12 }, (_, at) => `i${at}`)
  for (const id of ids) it.take(liveRecord(), { key: keyOfId(id) }, false)
  const losses = it.core.table.service({ env: 'default', service: 'web' })?.losses
  const lose = (id: string | undefined) => {
    it.take(endedRecord('evicted', {}, it.clock.wallMs()), { key: keyOfId(id ?? '') })
  }
  for (const id of ids.slice(0, 3)) lose(id)
  expect(losses?.allowance(it.core.time.lastMs)).toBe(ALL)
  lose(ids[3])
  expect(it.ids()).toHaveLength(8)
  expect(losses?.allowance(it.core.time.lastMs)).toBe(0)
})

test('a renewal is taken once, by home alone', () => {
  const it = setUp()
  it.register()
  it.take(liveRecord(), { key: keyOfId('b') })
  it.run(10_000)
  const own = it.entry()
  const other = it.entry({ id: 'b' })
  if (!own || !other) throw new Error('not there')
  expect(receiveRenewal(it.core, own, 8_000)).toBe(false)
  expect(own.evidenceAtMs).toBe(8_000)
  expect(receiveRenewal(it.core, own, 7_000)).toBe(false)
  expect(own.evidenceAtMs).toBe(8_000)
  expect(receiveRenewal(it.core, other, 8_000)).toBe(true)
  it.plane.cancel(it.ref())
  expect(receiveRenewal(it.core, own, 9_000)).toBe(false)
})
