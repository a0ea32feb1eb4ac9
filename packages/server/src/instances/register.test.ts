import { expect, test } from 'vitest'
import { recount, setUpPlane } from '../testing/index.ts'
import { compareStamps, generationOf } from './stamp.ts'

const failure = (code: string): unknown => expect.objectContaining({ code })
const HORIZON_MS = 7_200_000

function setUp() {
  const harness = setUpPlane()
  const session = harness.clock.wallMs()
  return { ...harness, session, revision: () => harness.plane.stats().revision }
}

test('registering over nothing begins a life: this node is home, and says when', () => {
  const it = setUp()
  const { created, instance } = it.register({}, { version: '1', status: 'starting' })
  expect(created).toBe(true)
  expect(instance).toMatchObject({ zone: 'z1', id: 'a', revision: 1, heldSinceMs: 0 })
  expect(instance.record.life).toMatchObject({ cancelled: false, evicted: false, tombAtMs: 0 })
  expect(instance.record.life.home).toBe(it.plane.core.stamps.origin)
  expect(instance.record.life.gen).toBe(instance.record.life.ver)
  expect(instance.record.content).toMatchObject({
    version: '1',
    status: 'starting',
    hostname: '',
    weight: 1,
    tags: [],
    metadata: {},
    ttlMs: 90_000,
    registeredAtMs: it.clock.wallMs(),
    upSinceMs: 0,
  })
  expect(it.events()).toEqual(['registered'])
})

test('registering the same again is a renewal: nothing changes but the deadline', () => {
  const it = setUp()
  it.register({}, { metadata: { x: '1', y: '2' }, tags: ['t'] })
  const before = it.record()
  it.run(60_000)
  const again = it.register({}, { metadata: { y: '2', x: '1' }, tags: ['t'] })
  expect(again.created).toBe(false)
  expect(it.record()).toBe(before)
  expect(it.revision()).toBe(1)
  it.run(60_000)
  expect(it.ids()).toEqual(['a'])
})

test.each([
  { addresses: ['http://10.0.0.2:80'] },
  { hostname: 'h' },
  { version: '2' },
  { weight: 2 },
  { tags: ['t'] },
  { metadata: { x: '1' } },
  { status: 'down' as const },
  { ttlMs: 30_000 },
])('registering other content is a change: %j', (facts) => {
  const it = setUp()
  const before = it.register().instance.record
  it.run(1_000)
  const { created, instance } = it.register({}, facts)
  const after = instance.record
  expect(created).toBe(false)
  expect(it.revision()).toBe(2)
  expect(after.life.gen).toBe(before.life.gen)
  expect(compareStamps(after.content.cver, before.content.cver)).toBeGreaterThan(0)
  expect(compareStamps(after.life.ver, before.life.ver)).toBeGreaterThan(0)
  expect(after.content).toMatchObject({ ...facts, registeredAtMs: before.content.registeredAtMs })
  expect(it.events()).toEqual(['registered', 'content_set'])
})

test('a client that says what an operator had made of its words says it itself from then on', () => {
  const it = setUp()
  it.register()
  const patched = it.plane.set(it.ref(), { weight: 7 }).record.content
  const { created, instance } = it.register({}, { weight: 7 })
  const { content } = instance.record
  expect(created).toBe(false)
  expect(patched.said.at).toBeLessThan(patched.cver.at)
  expect(content.cver.at).toBeGreaterThan(patched.cver.at)
  expect(content.said).toEqual(content.cver)
  expect(it.register({}, { weight: 7 }).instance.record.content).toBe(content)
})

test('a new ttl counts from the registration that brought it', () => {
  const it = setUp()
  it.register({}, { ttlMs: 600_000 })
  it.register({}, { ttlMs: 9_000 })
  it.run(11_250)
  expect(it.ids()).toEqual([])
})

test('since when it is up is carried over until it was not up in between', () => {
  const it = setUp()
  const up = () => it.shown()?.record.content.upSinceMs
  const startMs = it.clock.wallMs()
  it.register()
  it.run(1_000)
  it.register({}, { version: '2' })
  expect(up()).toBe(startMs)
  it.register({}, { status: 'out_of_service' })
  expect(up()).toBe(startMs)
  it.run(1_000)
  it.register()
  expect(up()).toBe(startMs + 2_000)
})

test('a session is the generation of the life', () => {
  const it = setUp()
  const { instance } = it.register({}, {}, it.session)
  expect(instance.record.life.gen).toEqual(generationOf(it.session))
})

test('a newer process replaces its predecessor, also with the same content, and starts afresh', () => {
  const it = setUp()
  it.register({}, {}, it.session)
  it.run(5_000)
  const { created, instance } = it.register({}, {}, it.session + 5_000)
  expect(created).toBe(false)
  expect(it.revision()).toBe(2)
  expect(instance.record.life.gen).toEqual(generationOf(it.session + 5_000))
  expect(instance.record.content.registeredAtMs).toBe(it.clock.wallMs())
  expect(instance.record.content.upSinceMs).toBe(it.clock.wallMs())
  expect(it.events()).toEqual(['registered', 'replaced'])
})

test('an older process is refused, told the session that stands, and changes nothing', () => {
  const it = setUp()
  it.register({}, {}, it.session)
  const before = it.record()
  const refused = expect.objectContaining({ code: 'superseded', details: { session: it.session } })
  expect(() => it.register({}, { version: '0' }, it.session - 1)).toThrow(refused)
  expect(it.record()).toBe(before)
})

test('a session that was cancelled cannot register again; the one after it can', () => {
  const it = setUp()
  it.register({}, {}, it.session)
  it.plane.cancel(it.ref(), it.session)
  expect(() => it.register({}, {}, it.session)).toThrow(failure('superseded'))
  expect(() => it.register({}, {}, it.session - 5)).toThrow(failure('superseded'))
  expect(it.ids()).toEqual([])
  expect(it.register({}, {}, it.session + 1).created).toBe(true)
})

test('a session that was evicted can register again, in the same generation', () => {
  const it = setUp()
  it.register({}, {}, it.session)
  it.run(92_000)
  expect(it.ids()).toEqual([])
  const { created, instance } = it.register({}, {}, it.session)
  expect(created).toBe(true)
  expect(instance.record.life.gen).toEqual(generationOf(it.session))
})

test('without a session, registering over what has ended begins a newer generation', () => {
  const it = setUp()
  const first = it.register({}, {}, it.session + 50_000).instance.record.life.gen
  it.plane.cancel(it.ref())
  const { created, instance } = it.register()
  expect(created).toBe(true)
  expect(compareStamps(instance.record.life.gen, first)).toBeGreaterThan(0)
})

test('who got `superseded` at its first registration gets in with one more', () => {
  const it = setUp()
  it.register()
  const standing = it.clock.wallMs()
  expect(() => it.register({}, {}, standing - 60_000)).toThrow(failure('superseded'))
  expect(it.register({}, {}, standing + 1).created).toBe(false)
})

test.each([0, 1_599_999_999_999, Number.NaN])('%d is no session', (session) => {
  const it = setUp()
  expect(() => it.register({}, {}, session)).toThrow(failure('invalid_argument'))
  expect(() => it.renew({}, { session })).toThrow(failure('invalid_argument'))
  expect(() => it.plane.cancel(it.ref(), session)).toThrow(failure('invalid_argument'))
})

test('a session may be a minute ahead of the node, and no more', () => {
  const it = setUp()
  expect(() => it.register({}, {}, it.session + 60_001)).toThrow(failure('invalid_argument'))
  it.register({}, {}, it.session + 60_000)
  expect(it.ids()).toEqual(['a'])
})

test('an override outlives eviction, cancel and registration, and is forgotten with the record', () => {
  const it = setUp()
  const status = () => it.plane.explain(it.ref()).verdict
  it.register()
  it.plane.set(it.ref(), { statusOverride: 'out_of_service' })
  it.run(92_000)
  it.register()
  expect(status()).toBe('held_by_status')
  it.plane.cancel(it.ref())
  it.register({}, { version: '2' })
  expect(status()).toBe('held_by_status')
  it.plane.cancel(it.ref())
  it.run(HORIZON_MS + 1_250)
  it.register()
  expect(status()).toBe('visible')
})

test('names under infra. are the registry itself, but for machines', () => {
  const it = setUp()
  for (const service of ['infra.discovery', 'infra.x', 'infra.']) {
    expect(() => it.register({ service })).toThrow(failure('forbidden'))
    expect(() => it.plane.cancel(it.ref({ service }))).toThrow(failure('forbidden'))
    expect(() => it.plane.set(it.ref({ service }), {})).toThrow(failure('forbidden'))
  }
  it.register({ service: 'infra.machine' })
  it.register({ service: 'infrastructure' })
  expect(it.plane.stats().shown).toBe(2)
})

test('without a zone the only one is meant in which the instance lives, else the node’s own', () => {
  const it = setUp()
  expect(it.register().instance.zone).toBe('z1')
  it.register({ id: 'b', zone: 'z2' })
  expect(it.register({ id: 'b' }, { version: '2' }).instance.zone).toBe('z2')
  it.plane.cancel(it.ref({ id: 'b' }))
  expect(it.register({ id: 'b' }).instance.zone).toBe('z1')
})

test('without a zone an instance that lives in several is ambiguous, and nothing is done', () => {
  const it = setUp()
  it.register({ zone: 'z2' })
  it.register({ zone: 'z1' })
  const ambiguous = expect.objectContaining({
    code: 'ambiguous_zone',
    details: expect.objectContaining({ zones: ['z1', 'z2'] }),
  })
  expect(() => it.register({}, { version: '2' })).toThrow(ambiguous)
  expect(() => it.renew()).toThrow(ambiguous)
  expect(() => it.plane.cancel(it.ref())).toThrow(ambiguous)
  expect(() => it.plane.set(it.ref(), { weight: 2 })).toThrow(ambiguous)
  expect(it.revision()).toBe(2)
  it.plane.cancel(it.ref({ zone: 'z2' }))
  expect(it.renew()).toEqual({ home: 'n1' })
})

test('the node itself is shown and found, and never lapses', () => {
  const it = setUp()
  const own = { service: 'infra.discovery', id: 'n1' }
  it.plane.registerSelf({ addresses: ['http://10.0.0.1:7070'] })
  expect(it.plane.registerSelf({ addresses: ['http://10.0.0.1:7070'] })).toBeUndefined()
  it.run(200_000)
  it.stall(20_000)
  it.run(200_000)
  expect(it.ids(own)).toEqual(['n1'])
  expect(it.entry(own)?.record.life?.home).toBe(it.plane.core.stamps.origin)
  expect(it.plane.stats().revision).toBe(1)
  const { counted, kept } = recount(it.plane)
  expect(kept).toEqual(counted)
})
