import { FakeClock } from '@rollcall/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import { LeaseBook, type Due } from './lease-book.ts'
import { expireLeases } from './lease-expiry.ts'

const TTL_MS = 10_000

function setUp() {
  const clock = new FakeClock()
  const book = new LeaseBook(clock)
  const ended: [number, number][] = []
  const state = { canEnd: true }
  const end = async (due: readonly Due[]) => {
    for (const one of due) {
      if (!state.canEnd || !book.isStillDue(one)) book.again(one)
      else {
        book.remove(one.id)
        ended.push([one.id, clock.monotonicMs()])
      }
    }
    return await Promise.resolve(state.canEnd)
  }
  const stop = new AbortController()
  const running = expireLeases({ clock, book, end }, stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
  })
  return { clock, book, ended, state }
}

test('each lease ends when its ttl has passed, and those that were renewed later', async () => {
  const { clock, book, ended } = setUp()
  for (const id of [1, 2, 3]) book.add({ id, ttlMs: TTL_MS })
  await clock.advance(6_000)
  book.renew(2)
  await clock.advance(3_999)
  expect(ended).toEqual([])
  await clock.advance(1)
  expect(ended).toEqual([
    [1, TTL_MS],
    [3, TTL_MS],
  ])
  await clock.advance(6_000)
  expect(ended).toHaveLength(3)
  expect(ended[2]).toEqual([2, 16_000])
})

test('after the process stood still, renewals that waited count before anything ends', async () => {
  const { clock, book, ended } = setUp()
  for (const id of [1, 2]) book.add({ id, ttlMs: TTL_MS })
  await clock.advance(5_000)
  clock.stall(60_000)
  await clock.advance(100)
  book.renew(1)
  await clock.advance(300)
  expect(ended).toEqual([])
  await clock.advance(700)
  expect(ended.map(([id]) => id)).toEqual([2])
})

test('a stall that ends right before a deadline counts too', async () => {
  const { clock, book, ended } = setUp()
  book.add({ id: 1, ttlMs: TTL_MS })
  await clock.advance(5_000)
  clock.stall(4_999)
  await clock.advance(200)
  expect(ended).toEqual([])
  book.renew(1)
  await clock.advance(TTL_MS - 1)
  expect(ended).toEqual([])
})

test('what cannot be ended at present is ended later', async () => {
  const { clock, book, ended, state } = setUp()
  book.add({ id: 1, ttlMs: TTL_MS })
  state.canEnd = false
  await clock.advance(TTL_MS + 5_000)
  expect(ended).toEqual([])
  state.canEnd = true
  await clock.advance(300)
  expect(ended).toHaveLength(1)
})

test('ten thousand that end together are ended together', async () => {
  const { clock, book, ended } = setUp()
  for (let id = 1; id <= 10_000; id += 1) book.add({ id, ttlMs: TTL_MS })
  await clock.advance(TTL_MS)
  expect(ended).toHaveLength(10_000)
})
