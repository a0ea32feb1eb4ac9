import { expect, test } from 'vitest'
import { RELEASE_MS } from './constants.ts'
import { Entry } from './entry.ts'
import { ALL, LossSet } from './loss-set.ts'
import { ServiceTable } from './service-table.ts'

const TTL_MS = 90_000
const CEILING_MS = 10 * TTL_MS

/** A set of `size` members that have been there for long. */
function setUp(size: number) {
  const service = new ServiceTable({ env: 'default', service: 'web' }, 0)
  const set = new LossSet({ ttlMs: TTL_MS, ceilingMs: () => CEILING_MS })
  const members = Array.from({ length: size }, (_, at) => new Entry(service, 'z1', `i${at}`))
  for (const _ of members) set.join(0, false)
  const startMs = 10 * TTL_MS
  const lapse = (count: number, nowMs: number) => {
    const lapsed = members.splice(0, count)
    for (const entry of lapsed) set.lapse(entry, nowMs)
    return lapsed
  }
  /** Lets go what may go, and says how many that were. */
  const settle = (nowMs: number) => {
    const allowed = set.allowance(nowMs)
    const leaving = [...set.held].slice(0, Math.min(allowed, set.held.size))
    for (const entry of leaving) set.leave(entry, nowMs, false)
    return leaving.length
  }
  const comeNew = (nowMs: number) => {
    const entry = new Entry(service, 'z1', 'new')
    entry.bornAtMs = nowMs
    set.join(nowMs, true)
    return entry
  }
  return { set, members, startMs, lapse, settle, comeNew }
}

test.each([
  { size: 2, lapsed: 1, leave: 1, why: 'too small to be protected' },
  { size: 9, lapsed: 9, leave: 9, why: 'too small to be protected' },
  { size: 10, lapsed: 3, leave: 3, why: 'three are always free' },
  { size: 10, lapsed: 4, leave: 1, why: 'at least one per ttl' },
  { size: 12, lapsed: 3, leave: 3, why: 'three are always free' },
  { size: 12, lapsed: 6, leave: 1, why: 'just half is let go slowly' },
  { size: 12, lapsed: 7, leave: 0, why: 'more than half is kept' },
  { size: 100, lapsed: 15, leave: 15, why: '15 % is free' },
  { size: 100, lapsed: 16, leave: 15, why: '15 % per ttl' },
  { size: 100, lapsed: 50, leave: 15, why: '15 % per ttl' },
  { size: 100, lapsed: 51, leave: 0, why: 'more than half is kept' },
  { size: 3_000, lapsed: 1_000, leave: 450, why: '15 % per ttl' },
])('of $size, $lapsed lapse at once: $leave leave at once, for $why', (row) => {
  const { lapse, settle, startMs } = setUp(row.size)
  lapse(row.lapsed, startMs)
  expect(settle(startMs)).toBe(row.leave)
  expect(settle(startMs + 1_000)).toBe(0)
})

test('a third of 3,000 leaves by 15 % per ttl, the rest when little is left', () => {
  const { set, lapse, settle, startMs } = setUp(3_000)
  lapse(1_000, startMs)
  const left: [number, number][] = []
  for (let at = 0; at <= 4 * TTL_MS; at += 1_000) {
    const count = settle(startMs + at)
    if (count > 0) left.push([Math.floor(at / TTL_MS), count])
  }
  expect(left).toEqual([
    [0, 450],
    [1, 450],
    [2, 100],
  ])
  expect(set.protection()).toBeUndefined()
})

test('more than half stays until the ceiling, and leaves over a minute then', () => {
  const { set, lapse, settle, startMs } = setUp(100)
  lapse(100, startMs)
  const leftAt: number[] = []
  let most = 0
  for (let at = 0; set.held.size > 0 && at < 2 * CEILING_MS; at += 1_000) {
    const count = settle(startMs + at)
    if (count > 0) leftAt.push(at)
    most = Math.max(most, count)
  }
  expect(leftAt[0]).toBeGreaterThanOrEqual(CEILING_MS)
  expect(leftAt.at(-1)).toBeLessThanOrEqual(CEILING_MS + RELEASE_MS)
  expect(most).toBeLessThanOrEqual(3)
})

test('more than half stays until the ceiling also when the first of them had left before', () => {
  const { set, lapse, settle, startMs } = setUp(100)
  // Deadlines lie apart, as heartbeats do: 15 leave before it shows that this is no small loss.
  for (let at = 0; at < 60; at += 1) {
    lapse(1, startMs + at * 500)
    settle(startMs + at * 500)
  }
  expect(set.held.size).toBe(45)
  let left = 0
  for (let at = 30_000; at < CEILING_MS; at += 1_000) left += settle(startMs + at)
  expect(left).toBe(0)
})

test('what newly registered makes good for what lapsed', () => {
  const { lapse, settle, comeNew, startMs } = setUp(20)
  for (let at = 0; at < 20; at += 1) comeNew(startMs)
  lapse(20, startMs + TTL_MS)
  expect(settle(startMs + TTL_MS)).toBe(20)
})

test('what came and went again makes no loss good', () => {
  const { set, lapse, settle, comeNew, startMs } = setUp(20)
  const came = Array.from({ length: 12 }, () => comeNew(startMs))
  for (const entry of came.slice(0, 6)) set.lapse(entry, startMs)
  lapse(4, startMs)
  // Ten lapsed and six are new and well: 4 of 32 is no mass lapse. One more is.
  expect(set.allowance(startMs)).toBe(ALL)
  lapse(1, startMs)
  expect(settle(startMs)).toBe(4)
})

test('a newcomer counts for two ttls only', () => {
  const { lapse, settle, comeNew, startMs } = setUp(20)
  for (let at = 0; at < 20; at += 1) comeNew(startMs)
  lapse(20, startMs + 3 * TTL_MS)
  expect(settle(startMs + 3 * TTL_MS)).toBeLessThan(20)
})

test('the reference is the size before: what is cancelled first does not shrink it', () => {
  const { set, members, lapse, settle, startMs } = setUp(100)
  for (const entry of members.splice(0, 80)) set.quit(entry, startMs)
  lapse(15, startMs + 1_000)
  expect(settle(startMs + 1_000)).toBe(15)
})

test('what renews is held no longer, and protection ends when the loss has become small', () => {
  const { set, lapse, settle, startMs } = setUp(100)
  const lapsed = lapse(60, startMs)
  expect(settle(startMs)).toBe(0)
  for (const entry of lapsed.slice(0, 45)) set.recover(entry)
  expect(settle(startMs + 1_000)).toBe(15)
  expect(set.protection()).toBeUndefined()
})

test('a longer ttl among the members gives no second quota', () => {
  const { set, lapse, settle, startMs } = setUp(100)
  lapse(40, startMs)
  expect(settle(startMs)).toBe(15)
  set.fit(2 * TTL_MS, startMs + 1_000)
  expect(settle(startMs + 1_000)).toBe(0)
  expect(settle(startMs + 2_000)).toBe(0)
})

test('what the ceiling let go is no loss for those that stayed', () => {
  const { set, lapse, settle, startMs } = setUp(12)
  lapse(8, startMs)
  const overMs = startMs + CEILING_MS + RELEASE_MS
  for (let nowMs = startMs; nowMs <= overMs; nowMs += 1_000) settle(nowMs)
  expect(set.held.size).toBe(0)
  lapse(1, overMs + 5_000)
  expect(settle(overMs + 5_000)).toBe(1)
})

test('a set that lets all go is not protected any more, though another set keeps them', () => {
  const { set, lapse, settle, startMs } = setUp(100)
  const lapsed = lapse(60, startMs)
  settle(startMs)
  for (const entry of lapsed.slice(0, 50)) set.recover(entry)
  // Ten are held by somebody else, for long.
  expect(set.allowance(startMs + 1_000)).toBe(ALL)
  expect(set.protection()).toBeUndefined()
  const laterMs = startMs + 2 * CEILING_MS
  expect(set.allowance(laterMs)).toBe(ALL)
  lapse(40, laterMs)
  // 50 of 100: a new loss with its own ceiling, not one that ended long ago.
  expect(set.allowance(laterMs)).toBe(15)
  expect(set.protection()?.sinceMs).toBe(laterMs)
})

test('forgiving forgets what lapsed', () => {
  const { set, lapse, settle, startMs } = setUp(100)
  lapse(60, startMs)
  settle(startMs)
  set.forgive()
  expect(set.held.size).toBe(0)
  expect(set.protection()).toBeUndefined()
})
