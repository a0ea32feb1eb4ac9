import { expect, test } from 'vitest'
import { recount, setUpPlane, type PlaneHarness } from '../testing/index.ts'

const TTL_MS = 90_000
const HOUR_MS = 3_600_000
const WEB = { env: 'default', service: 'web' }
const OTHER = { service: 'other' }

/** `web` with its instances, and another service that stays well, so that the node's set is large. */
function setUp({ web, other = 0 }: { web: number; other?: number }) {
  const harness = setUpPlane()
  const ids = harness.registerMany(web)
  const others = harness.registerMany(other, 'o', OTHER)
  /** Time passes while the others and these of `web` renew. */
  const live = (renewing: readonly string[], ms: number) => {
    for (let left = ms; left > 0; left -= 30_000) {
      for (const id of others) harness.renew({ ...OTHER, id })
      harness.keepAlive(renewing, Math.min(left, 30_000))
      if (renewing.length === 0) harness.run(Math.min(left, 30_000))
    }
  }
  // Long enough that nobody is new any more.
  live(ids, 5 * TTL_MS)
  for (const id of ids) harness.renew({ id })
  return { ...harness, all: ids, live }
}

const protectedState = ({ plane }: PlaneHarness, service = 'web') =>
  plane.snapshot({ ...WEB, service }).protected

test('of two, the one that dies leaves in time', () => {
  const it = setUp({ web: 2 })
  it.live(['i0'], TTL_MS + 1_250)
  expect(it.ids()).toEqual(['i0'])
})

test('of twelve, three that die leave in time', () => {
  const it = setUp({ web: 12 })
  it.live(it.all.slice(3), TTL_MS + 1_250)
  expect(it.ids()).toHaveLength(9)
  expect(protectedState(it)).toBeNull()
})

test('of twelve among others, eight that die are held, say so, and leave after ten ttls over a minute', () => {
  const it = setUp({ web: 12, other: 100 })
  const alive = it.all.slice(8)
  const before = it.plane.stats().revision
  it.live(alive, TTL_MS + 1_500)
  const diedMs = it.clock.wallMs()
  expect(it.ids()).toHaveLength(12)
  expect(it.plane.stats()).toMatchObject({ held: 8, protectedServices: 1, revision: before + 8 })
  expect(it.shown({ id: 'i0' })?.heldSinceMs).toBeGreaterThan(diedMs - 3_000)
  expect(it.shown({ id: 'i11' })?.heldSinceMs).toBe(0)
  const state = protectedState(it)
  expect(state).toMatchObject({ reason: 'mass_lapse', held: 8 })
  expect(state?.sinceMs).toBeGreaterThan(diedMs - 3_000)
  expect(state?.endsAtMs).toBe((state?.sinceMs ?? 0) + 10 * TTL_MS + 60_000)
  expect(protectedState(it, 'other')).toBeNull()

  it.live(alive, 10 * TTL_MS - 5_000)
  expect(it.ids()).toHaveLength(12)
  it.live(alive, 35_000)
  expect(it.ids().length).toBeGreaterThan(4)
  expect(it.ids().length).toBeLessThan(12)
  it.live(alive, 35_000)
  expect(it.ids().toSorted()).toEqual([...alive].toSorted())
  expect(protectedState(it)).toBeNull()
})

test('of 3,000, a third that dies leaves by 15 % per ttl', () => {
  const it = setUp({ web: 3_000 })
  const alive = it.all.slice(1_000)
  it.live(alive, TTL_MS + 1_500)
  expect(it.ids()).toHaveLength(2_550)
  it.live(alive, TTL_MS - 3_000)
  expect(it.ids()).toHaveLength(2_550)
  it.live(alive, TTL_MS / 4)
  expect(it.ids()).toHaveLength(2_100)
  it.live(alive, TTL_MS * 1.25)
  expect(it.ids()).toHaveLength(2_000)
})

test('when most of a node lapses nobody leaves until the ceiling of an hour', () => {
  const it = setUp({ web: 0 })
  for (let at = 0; at < 30; at += 1) it.registerMany(4, 'i', { service: `s${at}` })
  const shown = () => it.plane.stats().shown
  for (let round = 0; round < 8; round += 1) {
    for (let at = 0; at < 30; at += 1) {
      it.keepAlive(['i0', 'i1', 'i2', 'i3'], 250, { service: `s${at}` })
    }
    it.run(30_000 - 30 * 250)
  }
  it.run(TTL_MS + 1_000)
  const kept = shown()
  expect(kept).toBeGreaterThanOrEqual(120 * 0.84)
  expect(protectedState(it, 's7')?.reason).toBe('node_mass_lapse')
  it.run(HOUR_MS - 40_000)
  expect(shown()).toBe(kept)
  it.run(120_000)
  expect(shown()).toBe(0)
  expect(it.plane.stats().held).toBe(0)
})

test('a deployment that crashes twenty and starts twenty is no loss', () => {
  const it = setUp({ web: 20 })
  const fresh = it.registerMany(20, 'new')
  it.live(fresh, TTL_MS + 1_500)
  expect(it.ids().toSorted()).toEqual(fresh.toSorted())
})

test('an instance that lapses again and again is taken back as a newcomer only once', () => {
  const it = setUp({ web: 20, other: 200 })
  const fresh = it.registerMany(7, 'new')
  // One of the new lapses and comes back, again and again, held between: six stay well.
  const well = fresh.slice(1)
  it.plane.core.protection.lapse(it.entry({ id: 'new0' }) as never, it.plane.core.time.nowMs())
  it.renew({ id: 'new0' })
  it.plane.core.protection.lapse(it.entry({ id: 'new0' }) as never, it.plane.core.time.nowMs())
  it.renew({ id: 'new0' })
  // Ten of twenty die: six newcomers make good for six, the other four are just 15 % of 27.
  it.live([...well, 'new0', ...it.all.slice(10)], TTL_MS + 1_500)
  expect(it.ids()).toHaveLength(17)
})

test('a held instance that renews is held no longer, a change that watchers see', () => {
  const it = setUp({ web: 12, other: 100 })
  it.live(it.all.slice(8), TTL_MS + 1_500)
  const before = it.plane.stats().revision
  it.renew({ id: 'i0' })
  expect(it.shown({ id: 'i0' })?.heldSinceMs).toBe(0)
  expect(it.plane.stats()).toMatchObject({ held: 7, revision: before + 1 })
  expect(it.events({ id: 'i0' })).toEqual(['registered', 'held', 'renewed_while_held'])
  it.renew({ id: 'i0' })
  expect(it.plane.stats().revision).toBe(before + 1)
})

test('a held instance can be cancelled, registered with new content, and replaced', () => {
  const it = setUp({ web: 12, other: 100 })
  it.live(it.all.slice(8), TTL_MS + 1_500)
  it.plane.cancel(it.ref({ id: 'i0' }))
  it.register({ id: 'i1' }, { version: '2' })
  it.register({ id: 'i2' }, {}, it.clock.wallMs())
  expect(it.ids()).not.toContain('i0')
  expect(it.shown({ id: 'i1' })?.heldSinceMs).toBe(0)
  expect(it.shown({ id: 'i2' })?.heldSinceMs).toBe(0)
  expect(it.plane.stats().held).toBe(5)
  const { counted, kept } = recount(it.plane)
  expect(kept).toEqual(counted)
})

test('an operator ends the protection of a service: what is held leaves at once, the next loss is judged anew', () => {
  const it = setUp({ web: 30, other: 100 })
  it.live(it.all.slice(20), TTL_MS + 1_500)
  expect(it.ids()).toHaveLength(30)
  expect(it.plane.protect(WEB, 'end')).toEqual({ protected: null, forbidden: false })
  expect(it.ids()).toHaveLength(10)
  it.registerMany(20)
  it.live(it.all, 5 * TTL_MS)
  it.live(it.all.slice(20), TTL_MS + 1_500)
  expect(it.ids()).toHaveLength(30)
  expect(it.plane.protect(WEB, 'end').protected).toBeNull()
  expect(it.ids()).toHaveLength(10)
})

test.each([-600_000, 600_000])(
  'ending means what is held now, though wall time jumped by %d ms',
  (ms) => {
    const it = setUp({ web: 30, other: 100 })
    it.clock.bendWall(ms)
    it.plane.protect(WEB, 'end')
    it.live(it.all.slice(20), TTL_MS + 5_000)
    expect(it.ids()).toHaveLength(30)
    it.clock.bendWall(-2 * ms)
    expect(it.plane.protect(WEB, 'end').protected).toBeNull()
    expect(it.ids()).toHaveLength(10)
  },
)

test('an operator forbids the protection of a service, and allows it again', () => {
  const it = setUp({ web: 30, other: 100 })
  expect(it.plane.protect(WEB, 'forbid')).toEqual({ protected: null, forbidden: true })
  it.live(it.all.slice(20), TTL_MS + 1_500)
  expect(it.ids()).toHaveLength(10)
  it.registerMany(20)
  expect(it.plane.protect(WEB, 'allow').forbidden).toBe(false)
  it.live(it.all, 5 * TTL_MS)
  it.live(it.all.slice(20), TTL_MS + 1_500)
  expect(it.ids()).toHaveLength(30)
})

test('what an operator says about protection is no instance, and is forgotten with the service', () => {
  const it = setUpPlane()
  it.register()
  it.plane.protect(WEB, 'forbid')
  expect(it.ids()).toEqual(['a'])
  expect(it.plane.stats()).toMatchObject({ live: 1, shown: 1 })
  it.plane.cancel(it.ref())
  expect(it.plane.snapshot(WEB).known).toBe(true)
  it.run(2 * HOUR_MS + 1_250)
  expect(it.plane.snapshot(WEB).known).toBe(false)
  expect([...it.plane.core.table.services()]).toEqual([])
})

test('protection of a service that nobody knows, or of the registry itself, is refused', () => {
  const it = setUpPlane()
  const code = (value: string): unknown => expect.objectContaining({ code: value })
  expect(() => it.plane.protect(WEB, 'end')).toThrow(code('service_not_found'))
  const own = { env: 'default', service: 'infra.discovery' }
  expect(() => it.plane.protect(own, 'end')).toThrow(code('forbidden'))
})

test('the ceiling of a service with a long ttl is an hour', () => {
  const it = setUp({ web: 0, other: 100 })
  const ids = Array.from({ length: 12 }, (_, at) => `i${at}`)
  for (const id of ids) it.register({ id }, { ttlMs: 600_000 })
  it.live(ids, 1_300_000)
  it.live([], 630_000)
  expect(it.ids()).toHaveLength(12)
  it.live([], HOUR_MS + 60_000)
  expect(it.ids()).toHaveLength(0)
})
