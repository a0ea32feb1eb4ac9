import { expect, test } from 'vitest'
import { setUpPlane } from '../testing/index.ts'
import { REFRESH_MS } from './constants.ts'
import { compareStamps, stampAt } from './stamp.ts'

const failure = (code: string): unknown => expect.objectContaining({ code })

function setUp() {
  const harness = setUpPlane()
  return { ...harness, session: harness.clock.wallMs() }
}

test('a renewal moves the deadline by a ttl, and names the home', () => {
  const it = setUp()
  it.register()
  it.run(80_000)
  expect(it.renew()).toEqual({ home: 'n1' })
  it.run(90_000)
  expect(it.ids()).toEqual(['a'])
  it.run(1_250)
  expect(it.ids()).toEqual([])
})

test('what is not there is not found: never registered, cancelled, evicted', () => {
  const it = setUp()
  expect(() => it.renew()).toThrow(failure('instance_not_found'))
  it.register()
  it.plane.cancel(it.ref())
  expect(() => it.renew()).toThrow(failure('instance_not_found'))
  it.register()
  it.run(92_000)
  expect(() => it.renew()).toThrow(failure('instance_not_found'))
  expect(it.ids()).toEqual([])
})

test.each([
  { by: -1, answer: 'superseded' },
  { by: 0, answer: 'renewed' },
  { by: 1, answer: 'instance_not_found' },
])('a renewal by a session $by ms from the one on record: $answer', ({ by, answer }) => {
  const it = setUp()
  it.register({}, {}, it.session)
  it.run(60_000)
  const renew = () => it.renew({}, { session: it.session + by })
  if (answer === 'renewed') expect(renew()).toEqual({ home: 'n1' })
  else expect(renew).toThrow(failure(answer))
  it.run(40_000)
  expect(it.ids()).toEqual(answer === 'renewed' ? ['a'] : [])
})

test('an older session is told so also over a tombstone', () => {
  const it = setUp()
  it.register({}, {}, it.session)
  it.plane.cancel(it.ref(), it.session)
  expect(() => it.renew({}, { session: it.session - 1 })).toThrow(failure('superseded'))
  expect(() => it.renew({}, { session: it.session })).toThrow(failure('instance_not_found'))
})

test('a client that knows newer content than the node must register it here', () => {
  const it = setUp()
  const content = it.register().instance.record.content.cver.at
  expect(it.renew({}, { content })).toEqual({ home: 'n1' })
  expect(it.renew({}, { content: content - 1 })).toEqual({ home: 'n1' })
  expect(() => it.renew({}, { content: content + 1 })).toThrow(failure('instance_not_found'))
})

test('a session whose later word lost to an earlier one must say it again; without one it may be another process', () => {
  const it = setUp()
  const said = it.register({}, {}, it.session).instance.record.content.cver.at
  const { session } = it
  expect(it.renew({}, { session, content: said })).toEqual({ home: 'n1' })
  const lost = { session, content: said - 1 }
  expect(() => it.renew({}, lost)).toThrow(failure('instance_not_found'))
  expect(it.renew({}, { content: said - 1 })).toEqual({ home: 'n1' })
})

test('a patch of what a client said is still its word, one of something older is not', () => {
  const it = setUp()
  const said = it.register({}, {}, it.session).instance.record.content.cver.at
  const { session } = it
  it.run(1_000)
  const patched = it.plane.set(it.ref(), { weight: 7 }).record.content.cver.at
  expect(it.renew({}, { session, content: said })).toEqual({ home: 'n1' })
  expect(it.renew({}, { session, content: patched })).toEqual({ home: 'n1' })
  for (const evidence of [{ session, content: patched - 1 }, { content: said + 1 }]) {
    expect(() => it.renew({}, evidence)).toThrow(failure('instance_not_found'))
  }
  expect(it.shown()?.record.content.weight).toBe(7)
})

test('a batch says of each what became of it, by its place in the request', () => {
  const it = setUp()
  it.register({ id: 'a' }, {}, it.session)
  it.register({ id: 'b' })
  const batch = [
    it.ref({ id: 'x' }),
    it.ref({ id: 'b' }),
    { ...it.ref({ id: 'a' }), session: it.session - 1 },
    { ...it.ref({ id: 'a' }), session: it.session },
    it.ref({ id: 'b' }),
  ]
  expect(it.plane.renewMany(batch)).toEqual({
    missing: [0],
    superseded: [2],
    homes: new Map([
      [1, 'n1'],
      [3, 'n1'],
      [4, 'n1'],
    ]),
  })
})

test('a batch with anything wrong in it moves no deadline', () => {
  const it = setUp()
  it.register({ id: 'a' })
  it.register({ id: 'b', zone: 'z1' })
  it.register({ id: 'b', zone: 'z2' })
  it.run(60_000)
  expect(() => it.plane.renewMany([it.ref({ id: 'a' }), it.ref({ id: 'b' })])).toThrow(
    failure('ambiguous_zone'),
  )
  const wrong = [it.ref({ id: 'a' }), { ...it.ref({ id: 'a' }), session: 5 }]
  expect(() => it.plane.renewMany(wrong)).toThrow(failure('invalid_argument'))
  it.run(31_250)
  expect(it.ids()).toEqual([])
})

test('a long life gets a new version every half hour, which nobody is woken by', () => {
  const it = setUp()
  it.register()
  const before = it.record()
  it.keepAlive(['a'], REFRESH_MS)
  it.renew()
  expect(it.record()).toBe(before)
  it.keepAlive(['a'], 60_000)
  const after = it.record()
  if (!before?.life || !after?.life) throw new Error('it has ended')
  expect(compareStamps(after.life.ver, before.life.ver)).toBeGreaterThan(0)
  expect(after.life).toMatchObject({ gen: before.life.gen, home: before.life.home })
  expect(after.content).toBe(before.content)
  expect(it.plane.stats().revision).toBe(1)
  it.keepAlive(['a'], 3 * REFRESH_MS)
  const age = stampAt(it.clock.wallMs()) - (it.record()?.life?.ver.at ?? 0)
  expect(age).toBeLessThan(stampAt(REFRESH_MS + 60_000))
})
