import { expect, test } from 'vitest'
import { recount, setUpPlane, type PlaneHarness } from '../testing/index.ts'
import { HORIZON_MS } from './constants.ts'

const TTL_MS = 90_000

function setUp(count = 3) {
  const metrics = { stalls: [] as number[], fenced: 0, hidden: 0, evicted: 0, claimed: 0 }
  const harness = setUpPlane({
    metrics: {
      stalled: (delayMs) => void metrics.stalls.push(delayMs),
      fenced: () => void (metrics.fenced += 1),
      hidden: () => void (metrics.hidden += 1),
      evicted: () => void (metrics.evicted += 1),
      claimed: () => void (metrics.claimed += 1),
    },
  })
  const all = harness.registerMany(count)
  return { ...harness, metrics, all, revision: () => harness.plane.stats().revision }
}

function expectCountsRight({ plane }: PlaneHarness) {
  const { counted, kept } = recount(plane)
  expect(kept).toEqual(counted)
}

test('what does not renew is evicted within ttl + 2 s, on the same version', () => {
  const it = setUp()
  const before = it.record({ id: 'i0' })
  it.run(TTL_MS)
  expect(it.ids()).toHaveLength(3)
  it.run(2_000)
  expect(it.ids()).toEqual([])
  expect(it.record({ id: 'i0' })?.life).toMatchObject({
    ver: before?.life?.ver,
    gen: before?.life?.gen,
    evicted: true,
    cancelled: false,
  })
  expect(it.record({ id: 'i0' })?.life?.tombAtMs).toBeGreaterThan(it.clock.wallMs() - 2_000)
  expect(it.metrics.evicted).toBe(3)
  expect(it.plane.stats()).toMatchObject({ live: 0, tombstones: 3 })
  expectCountsRight(it)
})

test.each([9_000, 90_000, 86_400_000])('a ttl of %d ms is kept to', (ttlMs) => {
  const it = setUpPlane()
  it.register({}, { ttlMs })
  it.run(Math.min(ttlMs, 20_000))
  // Hours of quiet ticks would only cost time: time passes, and the plane is asked in between.
  if (ttlMs > 1_000_000) {
    for (let left = ttlMs - 20_000; left > 0; left -= 1_000) {
      it.clock.advanceNow(Math.min(left, 1_000))
      it.plane.tick()
    }
  } else it.run(ttlMs - Math.min(ttlMs, 20_000))
  expect(it.ids()).toEqual(['a'])
  it.run(2_000)
  expect(it.ids()).toEqual([])
})

test('an evicted instance is forgotten after two hours', () => {
  const it = setUp(1)
  it.run(TTL_MS + 2_000)
  it.run(HORIZON_MS - 4_000)
  expect(it.entry({ id: 'i0' })).toBeDefined()
  it.run(4_000)
  expect(it.entry({ id: 'i0' })).toBeUndefined()
  expect(it.plane.stats()).toMatchObject({ records: 0, tombstones: 0 })
})

test('wall time may jump by hours: no deadline depends on it', () => {
  const it = setUp()
  it.clock.bendWall(30 * 3_600_000)
  it.run(TTL_MS - 1_000)
  expect(it.ids()).toHaveLength(3)
  it.clock.bendWall(-60 * 3_600_000)
  it.run(500)
  expect(it.ids()).toHaveLength(3)
  it.run(2_500)
  expect(it.ids()).toEqual([])
})

test.each([1_500, 3_000, 5_000])('a stall of %d ms moves every deadline by it', (ms) => {
  const it = setUp()
  it.run(60_000)
  it.stall(ms)
  expect(it.metrics).toMatchObject({ stalls: [ms - 250], fenced: 0 })
  it.run(TTL_MS - 60_000 - 250)
  expect(it.ids()).toHaveLength(3)
  it.run(1_500)
  expect(it.ids()).toEqual([])
  expect(it.metrics.evicted).toBe(3)
})

test('a short hiccup of the loop is no stall', () => {
  const it = setUp()
  it.stall(1_250)
  expect(it.metrics.stalls).toEqual([])
})

test('whoever asks first after a stall finds it: a renewal does too', () => {
  const it = setUp()
  it.run(80_000)
  it.clock.stall(60_000)
  expect(it.renew({ id: 'i0' })).toEqual({ home: 'n1' })
  expect(it.metrics).toMatchObject({ stalls: [59_750], fenced: 1, claimed: 1 })
  expect(it.ids()).toHaveLength(3)
})

test('after a long stall the node is a new incarnation: nothing vanishes, nobody is woken, renewals claim', () => {
  const it = setUp()
  it.run(60_000)
  const { origin } = it.plane.core.stamps
  const before = it.revision()
  it.stall(30_000)
  expect(it.metrics.fenced).toBe(1)
  expect(it.plane.core.stamps.origin.inc).toBeGreaterThan(origin.inc)
  expect(it.record({ id: 'i0' })?.life?.home).toBe(origin)
  it.run(80_000)
  expect(it.ids()).toHaveLength(3)
  it.renew({ id: 'i0' })
  it.register({ id: 'i1' })
  expect(it.record({ id: 'i0' })?.life?.home).toBe(it.plane.core.stamps.origin)
  expect(it.record({ id: 'i1' })?.life?.home).toBe(it.plane.core.stamps.origin)
  expect(it.revision()).toBe(before)
  expect(it.metrics).toMatchObject({ claimed: 2 })
  expectCountsRight(it)
})

test('what had a time to be hidden keeps it through another long stall', () => {
  const it = setUp()
  it.stall(30_000)
  it.run(TTL_MS / 2)
  it.stall(30_000)
  it.run(TTL_MS / 2 - 500)
  expect(it.ids()).toHaveLength(3)
  it.run(2_000)
  expect(it.ids()).toEqual([])
  expect(it.metrics).toMatchObject({ fenced: 2, hidden: 3, evicted: 0 })
  expectCountsRight(it)
})

test('what nobody claims is hidden a ttl after the stall and not evicted, and shown again when it renews', () => {
  const it = setUp()
  it.stall(30_000)
  it.keepAlive(['i0', 'i1'], TTL_MS + 1_500)
  expect(it.ids()).toEqual(['i0', 'i1'])
  expect(it.metrics).toMatchObject({ hidden: 1, evicted: 0 })
  expect(it.record({ id: 'i2' })?.life).toMatchObject({ evicted: false, cancelled: false })
  expect(it.plane.stats()).toMatchObject({ live: 3, shown: 2, tombstones: 0 })
  expect(it.plane.explain(it.ref({ id: 'i2' })).verdict).toBe('hidden')
  expectCountsRight(it)

  expect(it.renew({ id: 'i2' })).toEqual({ home: 'n1' })
  expect(it.ids().toSorted()).toEqual(['i0', 'i1', 'i2'])
  expect(it.events({ id: 'i2' })).toEqual(['registered', 'hidden', 'claimed', 'shown'])
  expectCountsRight(it)
  it.keepAlive(['i0', 'i1'], TTL_MS + 1_500)
  expect(it.events({ id: 'i2' }).at(-1)).toBe('evicted')
})

test('a hidden instance can be registered with new content, replaced, and cancelled', () => {
  const it = setUp()
  it.stall(30_000)
  it.run(TTL_MS + 1_500)
  expect(it.ids()).toEqual([])
  it.register({ id: 'i0' }, { version: '2' })
  it.register({ id: 'i1' }, {}, it.clock.wallMs())
  it.plane.cancel(it.ref({ id: 'i2' }))
  expect(it.ids()).toEqual(['i0', 'i1'])
  expectCountsRight(it)
  it.run(TTL_MS + 1_500)
  expect(it.ids()).toEqual([])
  expectCountsRight(it)
})

test('a hidden instance that nobody claims is forgotten when its version is two hours old', () => {
  const it = setUp(1)
  it.stall(30_000)
  it.run(HORIZON_MS - 35_000)
  expect(it.entry({ id: 'i0' })?.hidden).toBe(true)
  it.run(10_000)
  expect(it.entry({ id: 'i0' })).toBeUndefined()
  expect(it.plane.stats()).toMatchObject({ records: 0, live: 0 })
})

test('hiding obeys the quota: most of a large service stays, held, and a claim ends that', () => {
  const it = setUp(30)
  it.keepAlive(it.all, 3 * TTL_MS)
  it.stall(30_000)
  it.run(TTL_MS + 1_500)
  expect(it.ids()).toHaveLength(30)
  expect(it.plane.stats().held).toBe(30)
  it.renew({ id: 'i0' })
  expect(it.plane.stats().held).toBe(29)
  expectCountsRight(it)
})

test('a long stall forgives what was held: nobody can know what became of it', () => {
  const it = setUp(30)
  it.keepAlive(it.all, 3 * TTL_MS)
  it.run(TTL_MS + 1_500)
  expect(it.plane.stats().held).toBe(30)
  it.stall(10_000)
  expect(it.plane.stats().held).toBe(0)
  expect(it.plane.snapshot({ env: 'default', service: 'web' }).protected).toBeNull()
  expect(it.ids()).toHaveLength(30)
  // It did not renew, and its history must not say so.
  expect(it.events({ id: 'i0' })).toEqual(['registered', 'held'])
  expectCountsRight(it)
  it.run(TTL_MS + 1_500)
  expect(it.plane.stats().held).toBe(30)
})

test('tombstones and their horizon survive a stall', () => {
  const it = setUp(2)
  it.plane.cancel(it.ref({ id: 'i0' }))
  it.stall(60_000)
  it.run(1_000)
  expect(it.ids()).toEqual(['i1'])
  expect(() => it.renew({ id: 'i0' })).toThrow('no instance')
  it.run(HORIZON_MS)
  expect(it.entry({ id: 'i0' })).toBeUndefined()
})

test('a plane that runs ticks until it is stopped', async () => {
  const it = setUp(1)
  const stopping = new AbortController()
  const running = it.plane.run(stopping.signal)
  await it.clock.advance(TTL_MS + 1_500)
  expect(it.ids()).toEqual([])
  stopping.abort()
  await running
})
