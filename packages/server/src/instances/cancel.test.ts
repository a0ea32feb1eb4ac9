import { expect, test } from 'vitest'
import { recount, setUpPlane } from '../testing/index.ts'
import { HORIZON_MS } from './constants.ts'

const failure = (code: string): unknown => expect.objectContaining({ code })
const WEB = { env: 'default', service: 'web' }

function setUp() {
  const harness = setUpPlane()
  return { ...harness, session: harness.clock.wallMs() }
}

test('what is cancelled is gone at once, a change, and its deadline means nothing', () => {
  const it = setUp()
  it.register()
  it.plane.cancel(it.ref())
  expect(it.ids()).toEqual([])
  expect(it.record()?.life).toMatchObject({ cancelled: true, tombAtMs: it.clock.wallMs() })
  expect(it.plane.stats()).toMatchObject({ live: 0, shown: 0, tombstones: 1, revision: 2 })
  it.run(100_000)
  expect(it.events()).toEqual(['registered', 'cancelled'])
})

test('what is not there cannot be cancelled: unknown, cancelled already', () => {
  const it = setUp()
  expect(() => it.plane.cancel(it.ref())).toThrow(failure('instance_not_found'))
  expect(it.plane.core.table.service(WEB)).toBeUndefined()
  it.register()
  it.plane.cancel(it.ref())
  expect(() => it.plane.cancel(it.ref())).toThrow(failure('instance_not_found'))
})

test('what was evicted can be cancelled, so that its late registration is refused', () => {
  const it = setUp()
  it.register({}, {}, it.session)
  it.run(92_000)
  it.plane.cancel(it.ref(), it.session)
  expect(it.record()?.life).toMatchObject({ cancelled: true })
  expect(() => it.register({}, {}, it.session)).toThrow(failure('superseded'))
  expect(it.plane.stats().tombstones).toBe(1)
})

test('an old process cannot cancel its successor, and is not told', () => {
  const it = setUp()
  it.register({}, {}, it.session)
  it.plane.cancel(it.ref(), it.session - 1)
  expect(it.ids()).toEqual(['a'])
})

test('a newer process that cancels ends what is there for its own generation', () => {
  const it = setUp()
  it.register({}, {}, it.session)
  it.plane.cancel(it.ref(), it.session + 1)
  expect(it.ids()).toEqual([])
  expect(() => it.register({}, {}, it.session + 1)).toThrow(failure('superseded'))
  expect(() => it.register({}, {}, it.session)).toThrow(failure('superseded'))
  it.register({}, {}, it.session + 2)
  expect(it.ids()).toEqual(['a'])
})

test('a cancel that overtook its registration leaves a tombstone that refuses it', () => {
  const it = setUp()
  const late = { session: it.session }
  expect(() => it.plane.cancel(it.ref(), late.session)).toThrow(failure('instance_not_found'))
  expect(it.plane.snapshot(WEB)).toMatchObject({ known: true, revision: 0 })
  expect(() => it.register({}, {}, late.session)).toThrow(failure('superseded'))
  expect(() => it.renew({}, late)).toThrow(failure('instance_not_found'))
  expect(it.plane.stats()).toMatchObject({ shown: 0, tombstones: 1, revision: 0 })
  it.register({}, {}, late.session + 1)
  expect(it.ids()).toEqual(['a'])
})

test('nothing of a cancelled generation brings it back', () => {
  const it = setUp()
  it.register({}, {}, it.session)
  const live = it.record()
  it.plane.cancel(it.ref(), it.session)
  const entry = it.entry()
  if (!entry || !live) throw new Error('it is unknown')
  it.plane.core.write(entry, live)
  const { core } = it.plane
  const later = live.life && { ...live.life, ver: core.stamps.next() }
  core.write(entry, { life: later })
  expect(it.ids()).toEqual([])
})

test('a tombstone is forgotten after two hours, with its service when it was the last', () => {
  const it = setUp()
  it.register()
  it.plane.cancel(it.ref())
  it.run(HORIZON_MS - 500)
  expect(it.plane.snapshot(WEB).known).toBe(true)
  it.run(2_000)
  expect(it.plane.snapshot(WEB).known).toBe(false)
  expect([...it.plane.core.table.services()]).toEqual([])
  expect(it.plane.stats().records).toBe(0)
})

test('too many tombstones: the oldest is forgotten early', () => {
  const it = setUpPlane({ limits: { tombstonesMax: 3 } })
  const ids = it.registerMany(5)
  for (const id of ids) it.plane.cancel(it.ref({ id }))
  expect(ids.map((id) => it.entry({ id }) !== undefined)).toEqual([false, false, true, true, true])
  expect(it.plane.stats().tombstones).toBe(3)
  const { counted, kept } = recount(it.plane)
  expect(kept).toEqual(counted)
})

test('an instance that was forgotten early and came back is not forgotten with its old tombstone', () => {
  const it = setUpPlane({ limits: { tombstonesMax: 1 } })
  it.register({ id: 'a' })
  it.plane.cancel(it.ref({ id: 'a' }))
  it.register({ id: 'b' })
  it.plane.cancel(it.ref({ id: 'b' }))
  it.register({ id: 'a' })
  it.keepAlive(['a'], HORIZON_MS + 60_000)
  expect(it.ids()).toEqual(['a'])
  const { counted, kept } = recount(it.plane)
  expect(kept).toEqual(counted)
})

test('cancels of what nobody knows are bounded by the tombstones', () => {
  const it = setUpPlane({ limits: { tombstonesMax: 10 } })
  for (let at = 0; at < 50; at += 1) {
    const unknown = it.ref({ service: `s${at}` })
    expect(() => it.plane.cancel(unknown, it.clock.wallMs())).toThrow('no instance')
  }
  expect([...it.plane.core.table.services()]).toHaveLength(10)
  expect(it.plane.stats().tombstones).toBe(10)
})
