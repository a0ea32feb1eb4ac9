import { expect, test } from 'vitest'
import { recount, setUpPlane } from '../testing/index.ts'
import { compareStamps } from './stamp.ts'

const failure = (code: string): unknown => expect.objectContaining({ code })

test('an override is what clients see, and leaves life and content alone', () => {
  const it = setUpPlane()
  it.register()
  const before = it.record()
  const up = () => [...it.plane.list({})].map(({ upCount }) => upCount)
  it.plane.set(it.ref(), { statusOverride: 'out_of_service' })
  expect(it.record()).toMatchObject({ life: before?.life, content: before?.content })
  expect(it.record()?.override?.value).toBe('out_of_service')
  expect(up()).toEqual([0])
  it.plane.set(it.ref(), { statusOverride: null })
  expect(up()).toEqual([1])
  expect(it.record()?.override?.value).toBeNull()
  expect(it.events()).toEqual(['registered', 'override_set', 'override_lifted'])
  const { counted, kept } = recount(it.plane)
  expect(kept).toEqual(counted)
})

test('what a patch does not name stays, what it sets to null goes', () => {
  const it = setUpPlane()
  it.register({}, { metadata: { a: '1', b: '2' }, weight: 5 })
  const set = (patch: Parameters<typeof it.plane.set>[1]) =>
    it.plane.set(it.ref(), patch).record.content
  expect(set({ metadata: { b: null, c: '3' } })).toMatchObject({
    metadata: { a: '1', c: '3' },
    weight: 5,
  })
  expect(set({ weight: 9 })).toMatchObject({ metadata: { a: '1', c: '3' }, weight: 9 })
  expect(set({ weight: null })).toMatchObject({ weight: 1 })
  expect(set({ metadata: null })).toMatchObject({ metadata: {}, weight: 1 })
})

test('new content has a new version in the same life', () => {
  const it = setUpPlane()
  const before = it.register().instance.record
  const after = it.plane.set(it.ref(), { weight: 3 }).record
  expect(after.life).toBe(before.life)
  expect(after.content.gen).toBe(before.content.gen)
  expect(compareStamps(after.content.cver, before.content.cver)).toBeGreaterThan(0)
})

test.each([
  {},
  { weight: 1 },
  { weight: null },
  { metadata: {} },
  { metadata: { x: '1' } },
  { metadata: { nothing: null } },
  { statusOverride: null },
])('a patch that changes nothing wakes nobody: %j', (patch) => {
  const it = setUpPlane()
  it.register({}, { metadata: { x: '1' } })
  const before = it.record()
  it.plane.set(it.ref(), patch)
  expect(it.record()).toBe(before)
  expect(it.plane.stats().revision).toBe(1)
})

test('the same override again is no change', () => {
  const it = setUpPlane()
  it.register()
  it.plane.set(it.ref(), { statusOverride: 'down' })
  it.plane.set(it.ref(), { statusOverride: 'down' })
  expect(it.plane.stats().revision).toBe(2)
})

test('a patch of several parts is one change', () => {
  const it = setUpPlane()
  it.register()
  it.plane.set(it.ref(), { statusOverride: 'down', weight: 4, metadata: { x: '1' } })
  expect(it.plane.stats().revision).toBe(2)
})

test('a patch that is too much is not applied at all', () => {
  const it = setUpPlane()
  it.register()
  const before = it.record()
  const metadata = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${at}`, 'v']))
  const patch = { metadata, weight: 4, statusOverride: 'down' as const }
  expect(() => it.plane.set(it.ref(), patch)).toThrow(failure('limit_exceeded'))
  expect(it.record()).toBe(before)
})

test('what is not shown cannot be set, and nothing of the patch is applied', () => {
  const it = setUpPlane()
  const patch = { statusOverride: 'down' as const }
  expect(() => it.plane.set(it.ref(), patch)).toThrow(failure('instance_not_found'))
  it.register()
  it.plane.cancel(it.ref())
  expect(() => it.plane.set(it.ref(), patch)).toThrow(failure('instance_not_found'))
  it.register()
  it.stall(10_000)
  it.run(92_000)
  expect(it.plane.explain(it.ref()).verdict).toBe('hidden')
  expect(() => it.plane.set(it.ref(), patch)).toThrow(failure('instance_not_found'))
  it.renew()
  expect(it.record()?.override).toBeNull()
})

test('what an operator set stands until the client registers something else', () => {
  const it = setUpPlane()
  it.register({}, { weight: 1 })
  it.plane.set(it.ref(), { weight: 9 })
  it.renew()
  expect(it.shown()?.record.content.weight).toBe(9)
  it.register({}, { weight: 2 })
  expect(it.shown()?.record.content.weight).toBe(2)
})
