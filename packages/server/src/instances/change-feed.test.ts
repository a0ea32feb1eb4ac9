import { expect, test } from 'vitest'
import { setUpPlane, type PlaneSetUp } from '../testing/index.ts'
import { COALESCE_MS } from './constants.ts'
import type { ServiceChanges } from './index.ts'

const WEB = { env: 'default', service: 'web' }

function setUp(options: PlaneSetUp = {}) {
  const harness = setUpPlane(options)
  const batches: string[][] = []
  const revisions: number[] = []
  const listen = (onto = batches) =>
    harness.plane.subscribe(WEB, (changes) => {
      onto.push(describeChanges(changes))
      revisions.push(changes.revision)
    })
  return { ...harness, batches, revisions, listen }
}

/** `+id` for what is shown, `-id reason` for what is not. */
function describeChanges({ changed }: Pick<ServiceChanges, 'changed'>): string[] {
  return [...changed].map(([entry, reason]) =>
    entry.isShown() ? `+${entry.id}` : `-${entry.id} ${reason}`,
  )
}

test('the first change leaves at once, what follows within 20 ms leaves as one', () => {
  const it = setUp()
  it.listen()
  it.register({ id: 'a' })
  expect(it.batches).toEqual([])
  it.clock.advanceNow(0)
  expect(it.batches).toEqual([['+a']])
  it.register({ id: 'b' })
  it.clock.advanceNow(5)
  it.register({ id: 'c' })
  it.register({ id: 'a' }, { version: '2' })
  it.clock.advanceNow(COALESCE_MS - 6)
  expect(it.batches).toHaveLength(1)
  it.clock.advanceNow(1)
  expect(it.batches).toEqual([['+a'], ['+b', '+c', '+a']])
  expect(it.revisions).toEqual([1, 4])
  // The window stays open after a delivery, and shuts when nothing came.
  it.register({ id: 'd' })
  it.clock.advanceNow(COALESCE_MS)
  expect(it.batches).toHaveLength(3)
  it.clock.advanceNow(COALESCE_MS)
  it.register({ id: 'e' })
  it.clock.advanceNow(0)
  expect(it.batches).toHaveLength(4)
})

test('an instance that comes and goes within one window is told of as it is in the end', () => {
  const it = setUp()
  it.listen()
  it.register({ id: 'x' })
  it.clock.advanceNow(0)
  it.register({ id: 'a' })
  it.plane.cancel(it.ref({ id: 'x' }))
  it.plane.cancel(it.ref({ id: 'a' }))
  it.register({ id: 'x' })
  it.clock.advanceNow(COALESCE_MS)
  expect(it.batches[1]?.toSorted()).toEqual(['+x', '-a cancelled'])
})

test('renewals, claims and refreshes wake nobody', () => {
  const it = setUp()
  it.register()
  it.listen()
  const before = it.plane.stats().revision
  it.keepAlive(['a'], 60_000)
  it.register()
  it.stall(10_000)
  it.renew()
  expect(it.events()).toContain('claimed')
  it.run(100)
  expect(it.plane.stats().revision).toBe(before)
  expect(it.batches).toEqual([])
})

test('whoever subscribes and then reads the snapshot sees each change in exactly one of the two', () => {
  const it = setUp()
  it.listen()
  it.register({ id: 'a' })
  it.clock.advanceNow(0)
  it.register({ id: 'b' })
  const late: string[][] = []
  it.listen(late)
  expect(it.batches).toEqual([['+a'], ['+b']])
  expect(it.ids()).toEqual(['a', 'b'])
  it.register({ id: 'c' })
  it.clock.advanceNow(COALESCE_MS)
  expect(late).toEqual([['+c']])
  expect(it.batches).toEqual([['+a'], ['+b'], ['+c']])
})

test('whoever subscribes while a change is told of is not told of it', () => {
  const it = setUp()
  const inner: string[][] = []
  let subscribed = false
  it.plane.subscribe(WEB, () => {
    if (subscribed) return
    subscribed = true
    it.listen(inner)
  })
  it.register({ id: 'a' })
  it.clock.advanceNow(0)
  expect(inner).toEqual([])
  it.register({ id: 'b' })
  it.clock.advanceNow(COALESCE_MS)
  expect(inner).toEqual([['+b']])
})

test('nobody is told after unsubscribing, also of what was waiting, and twice is once', () => {
  const it = setUp()
  const stop = it.listen()
  it.register({ id: 'a' })
  stop()
  stop()
  it.clock.advanceNow(1_000)
  expect(it.batches).toEqual([])
  const others: string[][] = []
  it.listen(others)
  stop()
  it.register({ id: 'b' })
  it.clock.advanceNow(0)
  expect(others).toEqual([['+b']])
})

test('a listener hears of its own service and env only, also of one that is not there yet', () => {
  const it = setUp()
  it.listen()
  it.register({ service: 'other' })
  it.register({ env: 'test' })
  it.clock.advanceNow(0)
  expect(it.batches).toEqual([])
  it.register({ zone: 'z9' })
  it.clock.advanceNow(0)
  expect(it.batches).toEqual([['+a']])
})

test('each way of going has its reason', () => {
  const it = setUp()
  it.listen()
  it.register({ id: 'a' })
  it.register({ id: 'b' })
  it.run(250)
  it.plane.cancel(it.ref({ id: 'a' }))
  it.run(92_000)
  expect(it.batches.slice(1)).toEqual([['-a cancelled'], ['-b evicted']])
})

test('an instance that is forgotten and comes back within one window is one instance', () => {
  const it = setUp({ limits: { tombstonesMax: 1 } })
  it.register({ id: 'stays' })
  it.register({ id: 'a' })
  it.listen()
  it.plane.cancel(it.ref({ id: 'stays' }))
  it.clock.advanceNow(0)
  it.register({ id: 'stays' })
  it.register({ id: 'b' })
  it.plane.cancel(it.ref({ id: 'a' }))
  // Only one tombstone fits: `a` is forgotten when `b` ends.
  it.plane.cancel(it.ref({ id: 'b' }))
  expect(it.entry({ id: 'a' })).toBeUndefined()
  it.register({ id: 'a' })
  it.clock.advanceNow(COALESCE_MS)
  expect(it.batches[1]?.toSorted()).toEqual(['+a', '+stays', '-b cancelled'])
})
