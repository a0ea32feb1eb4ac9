import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { RevisionWaiters, type WaitEnd } from './revision-waiters.ts'

function setUp() {
  const clock = new FakeClock()
  const waiters = new RevisionWaiters(clock)
  const ends: [number, WaitEnd][] = []
  const wait = (revision: number, withinMs = 1_000) => {
    void waiters.wait(revision, withinMs).then((end) => ends.push([revision, end]))
  }
  return { clock, waiters, ends, wait }
}

test('a revision wakes those who wait for it and for earlier ones, and nobody else', async () => {
  const { clock, waiters, ends, wait } = setUp()
  for (const revision of [5, 3, 5, 9]) wait(revision)
  waiters.reach(5)
  await clock.advance(0)
  expect(ends).toEqual([
    [3, 'reached'],
    [5, 'reached'],
    [5, 'reached'],
  ])
  wait(4)
  await clock.advance(0)
  expect(ends.at(-1)).toEqual([4, 'reached'])
})

test('each waits as long as it was given, whenever it began', async () => {
  const { clock, waiters, ends, wait } = setUp()
  wait(5)
  wait(6, 5_000)
  await clock.advance(400)
  wait(7)
  await clock.advance(599)
  expect(ends).toEqual([])
  await clock.advance(1)
  expect(ends).toEqual([[5, 'late']])
  await clock.advance(400)
  expect(ends).toEqual([
    [5, 'late'],
    [7, 'late'],
  ])
  waiters.reach(6)
  await clock.advance(0)
  expect(ends.at(-1)).toEqual([6, 'reached'])
  wait(8)
  await clock.advance(1_000)
  expect(ends.at(-1)).toEqual([8, 'late'])
})

test('who waits when it stops is told, and so is who comes later', async () => {
  const { clock, waiters, ends, wait } = setUp()
  wait(5)
  waiters.stop()
  wait(6)
  await clock.advance(0)
  expect(ends).toEqual([
    [5, 'stopped'],
    [6, 'stopped'],
  ])
})

test('fifty thousand that wait for later revisions cost nothing when one is reached', async () => {
  const { clock, waiters, ends, wait } = setUp()
  for (let at = 0; at < 50_000; at += 1) wait(1_000_000 + (at % 1_000))
  const startedMs = process.cpuUsage().user
  for (let revision = 1; revision <= 50_000; revision += 1) waiters.reach(revision)
  // 50,000 looks at 50,000 waiters would take seconds.
  expect(process.cpuUsage().user - startedMs).toBeLessThan(500_000)
  expect(ends).toEqual([])
  waiters.reach(1_000_000)
  await clock.advance(0)
  expect(ends).toHaveLength(50)
})
