import { expect, test } from 'vitest'
import { setUpPlane } from '../../testing/index.ts'
import { keyOfId, liveRecord, neighboursOf } from '../../testing/replication-harness.ts'
import { Isolation } from './isolation.ts'
import { Members } from './members.ts'
import { endMember, memberEntry } from './membership.ts'
import { receive } from './receive.ts'

/** Node `n1` among members of whom it has heard nothing. */
function setUp(others: readonly string[]) {
  const harness = setUpPlane()
  const { plane, clock } = harness
  const { core } = plane
  const neighbours = neighboursOf(plane)
  const members = new Members(0)
  const isolation = new Isolation(core, members)
  plane.registerSelf({ addresses: ['http://10.0.0.1:80'] })
  const way = { isNews: true, isBooting: false, handOver() {} }
  for (const node of others) {
    const record = liveRecord({ home: { node, inc: 1 } })
    receive(core, { key: keyOfId(node, 'infra.discovery'), record }, way)
  }
  let counter = 0
  const nowMs = () => clock.monotonicMs()
  return {
    ...harness,
    core,
    members,
    neighbours,
    isolation,
    hear(...nodes: readonly string[]) {
      counter += 1
      for (const node of nodes) members.hear({ node, inc: 1, counter, ageMs: 0 }, nowMs())
    },
    sync(...nodes: readonly string[]) {
      for (const node of nodes) members.synced(node, nowMs())
    },
    judge(isBooting = false) {
      isolation.judge(nowMs(), isBooting)
      neighbours.isolated = isolation.isCutOff
      return isolation.isCutOff
    },
    bring(id: string) {
      receive(core, { key: keyOfId(id), record: liveRecord() }, way)
    },
  }
}

test.each([
  { others: 0, heard: 0, isCutOff: false },
  { others: 1, heard: 0, isCutOff: false },
  { others: 2, heard: 0, isCutOff: true },
  { others: 2, heard: 1, isCutOff: false },
  { others: 3, heard: 0, isCutOff: true },
  { others: 3, heard: 1, isCutOff: false },
  { others: 4, heard: 1, isCutOff: true },
  { others: 4, heard: 2, isCutOff: false },
])('of $others others, $heard heard: half is not fewer', ({ others, heard, isCutOff }) => {
  const nodes = Array.from({ length: others }, (_, at) => `n${at + 2}`)
  const it = setUp(nodes)
  it.hear(...nodes.slice(0, heard))
  expect(it.judge()).toBe(isCutOff)
})

test('who boots has not had the time to hear anybody', () => {
  const it = setUp(['n2', 'n3'])
  expect(it.judge(true)).toBe(false)
  expect(it.judge(false)).toBe(true)
})

test('a member that was removed does not count, one that is hidden does', () => {
  const it = setUp(['n2', 'n3'])
  const hidden = memberEntry(it.core, 'n3')
  if (hidden) it.core.setHidden(hidden, true, { event: 'hidden' })
  expect(it.judge(false)).toBe(true)
  const removed = setUp(['n2', 'n3'])
  const entry = memberEntry(removed.core, 'n3')
  if (entry) endMember(removed.core, entry)
  expect(removed.judge()).toBe(false)
})

test('it ends only when half are heard and all who returned are synced', () => {
  const it = setUp(['n2', 'n3', 'n4', 'n5'])
  expect(it.judge()).toBe(true)
  it.hear('n2', 'n3')
  expect(it.judge()).toBe(true)
  it.sync('n2')
  expect(it.judge()).toBe(true)
  it.sync('n3')
  expect(it.judge()).toBe(false)
  // One more who returns does not cut us off again.
  it.hear('n4')
  expect(it.judge()).toBe(false)
})

test('it begins again when those who were heard fall silent', () => {
  const it = setUp(['n2', 'n3'])
  it.hear('n2')
  it.sync('n2')
  expect(it.judge()).toBe(false)
  it.clock.advanceNow(4_999)
  expect(it.judge()).toBe(false)
  it.clock.advanceNow(1)
  expect(it.judge()).toBe(true)
})

test('what is past its time is held while we are cut off, and hidden when that ends', () => {
  const it = setUp(['n2', 'n3'])
  it.bring('a')
  it.neighbours.known.add('n2')
  it.neighbours.standings.set('n2', 'lost')
  it.core.homes.review()
  expect(it.judge()).toBe(true)
  it.run(120_000)
  expect(it.ids()).toEqual(['a'])
  expect(it.shown({ id: 'a' })?.heldSinceMs).toBeGreaterThan(0)
  expect(it.plane.snapshot({ env: 'default', service: 'web' }).protected?.reason).toBe('isolated')
  it.hear('n2', 'n3')
  it.sync('n2', 'n3')
  expect(it.judge()).toBe(false)
  it.run(2_000)
  expect(it.ids()).toEqual([])
  expect(it.entry({ id: 'a' })?.heldSinceMs).toBe(0)
})
