import { expect, test } from 'vitest'
import { liveRecord, looseEntry } from '../../testing/replication-harness.ts'
import { RESEND_MS } from './constants.ts'
import { Forwards, isOverdue } from './forwards.ts'

const TTL_MS = 90_000

function setUp() {
  const forwards = new Forwards()
  const entry = looseEntry('a', liveRecord())
  const due = (nowMs: number) => [...forwards.due(nowMs)].map(([, forward]) => forward)
  return {
    forwards,
    due,
    add(renewedAtMs: number, { hops = 0, isFresh = true, nowMs = renewedAtMs } = {}) {
      forwards.add(entry, { renewedAtMs, nowMs, hops, isFresh })
    },
    send(seq: number, nowMs: number) {
      const items = [...forwards.due(nowMs)].map(([one, { renewedAtMs }]) => {
        return { entry: one, renewedAtMs }
      })
      forwards.sent(seq, items, nowMs)
      return items.length
    },
  }
}

test('a renewal is sent again after 300 ms until it is acknowledged', () => {
  const it = setUp()
  it.add(1_000)
  expect(it.send(1, 1_000)).toBe(1)
  expect(it.send(2, 1_000 + RESEND_MS - 1)).toBe(0)
  expect(it.send(2, 1_000 + RESEND_MS)).toBe(1)
  it.forwards.acked(1)
  expect(it.forwards.size).toBe(0)
  expect(it.send(3, 60_000)).toBe(0)
})

test('an acknowledgement counts for the renewal that was sent, and not for a later one', () => {
  const it = setUp()
  it.add(1_000)
  it.send(1, 1_000)
  it.add(1_100)
  expect(it.due(1_100)).toMatchObject([{ renewedAtMs: 1_100 }])
  it.send(2, 1_100)
  it.forwards.acked(1)
  expect(it.forwards.size).toBe(1)
  it.forwards.acked(2)
  expect(it.forwards.size).toBe(0)
})

test('an older renewal than the one that waits changes nothing', () => {
  const it = setUp()
  it.add(2_000, { isFresh: false })
  it.send(1, 2_000)
  it.add(1_500, { nowMs: 2_100 })
  expect(it.due(2_100)).toEqual([])
  expect(it.due(2_000 + RESEND_MS)).toMatchObject([{ renewedAtMs: 2_000, isFresh: false }])
})

test('a client that renews makes fresh what was only handed over, and stays so', () => {
  const it = setUp()
  it.add(1_000, { isFresh: false })
  it.add(1_100)
  it.add(1_200, { isFresh: false })
  expect(it.due(1_200)).toMatchObject([{ renewedAtMs: 1_200, isFresh: true, sinceMs: 1_000 }])
})

test('it is overdue when nothing was delivered for a third of the ttl', () => {
  const it = setUp()
  it.add(1_000)
  it.add(25_000)
  const [forward] = it.due(31_000)
  if (!forward) throw new Error('nothing waits')
  expect(isOverdue(forward, TTL_MS, 31_000)).toBe(false)
  expect(isOverdue(forward, TTL_MS, 31_001)).toBe(true)
})

// Clients may renew again before each acknowledgement comes; home has their renewals all the same.
test('the delivery of an earlier renewal is a delivery: what waits then is not overdue', () => {
  const it = setUp()
  for (let at = 0; at <= 150; at += 1) {
    it.add(at * 250)
    it.send(at, at * 250)
    if (at > 0) it.forwards.acked(at - 1)
    const [forward] = it.due(at * 250 + RESEND_MS)
    if (!forward) throw new Error('nothing waits')
    expect(isOverdue(forward, TTL_MS, at * 250 + RESEND_MS)).toBe(false)
  }
})

test('what is not to be brought home any more is forgotten', () => {
  const it = setUp()
  it.add(1_000)
  it.send(1, 1_000)
  it.forwards.clear()
  expect(it.forwards.size).toBe(0)
  it.add(2_000)
  it.forwards.acked(1)
  expect(it.forwards.size).toBe(1)
})

test('an acknowledgement that takes longer than 5 s does not count', () => {
  const it = setUp()
  it.add(1_000)
  it.send(1, 1_000)
  it.forwards.expire(6_000)
  it.forwards.expire(6_001)
  it.forwards.acked(1)
  expect(it.forwards.size).toBe(1)
})
