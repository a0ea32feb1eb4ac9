import { expect, test } from 'vitest'
import { LOST_MS } from '../constants.ts'
import { Members } from './members.ts'

const HOME = { node: 'n2', inc: 5 }

/** A node that heard `n2` (incarnation 5, beat 10) at 10 s and was synced with it then. */
function setUp() {
  const members = new Members(1_000)
  const hear = (nowMs: number, beat: { inc?: number; counter?: number; ageMs?: number } = {}) =>
    members.hear({ node: 'n2', inc: 5, counter: 10, ageMs: 0, ...beat }, nowMs)
  expect(hear(10_000)).toBe(true)
  members.synced('n2', 10_000)
  return { members, hear, standing: (nowMs: number) => members.standing(HOME, nowMs) }
}

test('a node that beats is trusted once it was synced, and lost after 5 s of silence', () => {
  const it = setUp()
  expect(it.standing(10_000 + LOST_MS - 1)).toBe('trusted')
  expect(it.members.isAlive('n2', 10_000 + LOST_MS - 1)).toBe(true)
  expect(it.standing(10_000 + LOST_MS)).toBe('lost')
  expect(it.members.isAlive('n2', 10_000 + LOST_MS)).toBe(false)
  expect(it.members.lostAtMs(HOME, 40_000)).toBe(10_000 + LOST_MS)
  expect(it.hear(14_000, { counter: 11 })).toBe(false)
  expect(it.standing(18_999)).toBe('trusted')
})

test('an old beat says nothing, however young it claims to be', () => {
  const it = setUp()
  it.hear(16_000, { counter: 10 })
  it.hear(16_000, { counter: 9 })
  it.hear(16_000, { inc: 4, counter: 99 })
  expect(it.members.silentMs('n2', 16_000)).toBe(6_000)
  expect(it.members.incarnationOf('n2')).toBe(5)
})

test('a beat that was long on its way is as old as it says', () => {
  const it = setUp()
  it.hear(13_000, { counter: 11, ageMs: 2_000 })
  expect(it.members.silentMs('n2', 13_000)).toBe(2_000)
  // Older than what is known: a node does not get older by talking.
  it.hear(14_000, { counter: 12, ageMs: 3_900 })
  expect(it.members.silentMs('n2', 14_000)).toBe(3_000)
})

test('a node that comes back is doubted until a sync that began after its return', () => {
  const it = setUp()
  it.hear(30_000, { counter: 30 })
  expect(it.standing(30_000)).toBe('doubted')
  expect(it.members.doubted(30_000)).toEqual(['n2'])
  it.members.synced('n2', 29_999)
  expect(it.standing(31_000)).toBe('doubted')
  it.members.synced('n2', 30_000)
  expect(it.standing(31_000)).toBe('trusted')
  expect(it.members.doubted(31_000)).toEqual([])
  // A sync that began earlier and ended later takes nothing back.
  it.members.synced('n2', 5_000)
  expect(it.standing(31_000)).toBe('trusted')
})

test('a sync with us tells all of a node only when we have heard all of it ourselves', () => {
  const it = setUp()
  const known = (nowMs: number) => it.members.known(['n2', 'n3'], nowMs)
  expect(known(11_000)).toEqual(['n2'])
  expect(known(10_000 + LOST_MS)).toEqual([])
  it.hear(30_000, { counter: 30 })
  expect(known(30_000)).toEqual([])
  it.members.synced('n2', 30_000)
  expect(known(31_000)).toEqual(['n2'])
})

test('a late beat that leaves it lost brings nobody back', () => {
  const it = setUp()
  it.hear(30_000, { counter: 12, ageMs: LOST_MS })
  expect(it.standing(30_000)).toBe('lost')
  expect(it.members.doubted(30_000)).toEqual([])
  it.hear(30_500, { counter: 13 })
  expect(it.standing(30_500)).toBe('doubted')
})

test('a new incarnation begins its beats anew; what its earlier life was home of is lost', () => {
  const it = setUp()
  it.hear(12_000, { inc: 6, counter: 1, ageMs: 100 })
  expect(it.members.silentMs('n2', 12_000)).toBe(100)
  expect(it.standing(12_000)).toBe('lost')
  expect(it.members.standing({ node: 'n2', inc: 6 }, 12_000)).toBe('trusted')
  // Counted from now: when that life ended nobody knows.
  expect(it.members.lostAtMs(HOME, 12_000)).toBe(12_000)
})

test('a new incarnation is heard when it says so, though it be older than the last beat of the one before', () => {
  const it = setUp()
  it.hear(12_000, { inc: 6, counter: 1, ageMs: 4_000 })
  expect(it.members.silentMs('n2', 12_000)).toBe(4_000)
})

test('a node that restarts with an older incarnation is not heard: nothing is taken from the past', () => {
  const it = setUp()
  it.hear(12_000, { inc: 4, counter: 1_000 })
  expect(it.members.incarnationOf('n2')).toBe(5)
  expect(it.members.silentMs('n2', 12_000)).toBe(2_000)
})

test('a home that was never heard is doubted for the first 5 s, and lost then', () => {
  const it = setUp()
  const stranger = { node: 'n7', inc: 1 }
  expect(it.members.standing(stranger, 1_000 + LOST_MS - 1)).toBe('doubted')
  expect(it.members.standing(stranger, 1_000 + LOST_MS)).toBe('lost')
  expect(it.members.isKnown('n7')).toBe(false)
  expect(it.members.silentMs('n7', 9_000)).toBeUndefined()
  expect(it.members.lostAtMs(stranger, 9_000)).toBe(9_000)
})

test('a beat that was sent before we listened counts a loss from our start', () => {
  const members = new Members(60_000)
  members.hear({ node: 'n2', inc: 5, counter: 1, ageMs: 30_000 }, 61_000)
  expect(members.standing(HOME, 61_000)).toBe('lost')
  expect(members.lostAtMs(HOME, 61_000)).toBe(60_000)
})

test('a node that left is not heard again, a later life of it is', () => {
  const it = setUp()
  it.members.leave('n2', 5)
  expect(it.standing(10_100)).toBe('lost')
  expect(it.members.isKnown('n2')).toBe(true)
  expect(it.hear(10_200, { counter: 11 })).toBe(false)
  expect(it.members.isAlive('n2', 10_200)).toBe(false)
  expect(it.members.beats(10_200)).toEqual([{ node: 'n2', inc: 5, counter: 0, ageMs: 10_000 }])
  expect(it.hear(10_300, { inc: 6, counter: 1 })).toBe(true)
  expect(it.members.standing({ node: 'n2', inc: 6 }, 10_300)).toBe('doubted')
})

test('who leaves an earlier life takes nothing from the later one that is heard already', () => {
  const it = setUp()
  it.members.leave('n2', 4)
  expect(it.standing(10_100)).toBe('trusted')
  expect(it.members.standing({ node: 'n2', inc: 4 }, 10_100)).toBe('lost')
  it.members.leave('n2', 3)
  it.members.leave('n2', 5)
  it.members.leave('n2', 4)
  expect(it.hear(10_200, { inc: 5, counter: 12 })).toBe(false)
  expect(it.standing(10_200)).toBe('lost')
})

test('a new incarnation of ours knows nobody, but that who left has left', () => {
  const it = setUp()
  it.members.hear({ node: 'n3', inc: 1, counter: 1, ageMs: 0 }, 10_000)
  it.members.leave('n3', 1)
  it.members.startOver(20_000)
  expect(it.members.bootAtMs).toBe(20_000)
  expect(it.standing(20_000)).toBe('doubted')
  expect(it.members.standing({ node: 'n3', inc: 1 }, 20_000)).toBe('lost')
  expect(it.hear(20_100, { counter: 20 })).toBe(true)
})
