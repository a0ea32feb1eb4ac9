import { expect, test } from 'vitest'
import { LeaseTerm } from './lease-term.ts'

const TTL_MS = 2_000
const granted = () => new LeaseTerm(TTL_MS, { sentAtMs: 100, doneAtMs: 150 })

test('ends a ttl after it was granted, between sending and answer', () => {
  expect(granted().earlyMs(2_099)).toBeGreaterThan(0)
  expect(granted().earlyMs(2_100)).toBe(0)
  expect(granted().overdueMs(2_150)).toBe(0)
  expect(granted().overdueMs(2_151)).toBeGreaterThan(0)
})

test('a confirmed keep-alive counts from its sending, one without answer only for the end', () => {
  const term = granted()
  term.renewed(1_000, 1_200)
  expect(term.earlyMs(3_000)).toBe(0)
  expect(term.overdueMs(3_200)).toBe(0)
  term.mayBeRenewed(2_000)
  expect(term.earlyMs(3_000)).toBe(0)
  expect(term.overdueMs(4_000)).toBe(0)
})

test('one that was there has a whole ttl from a start on', () => {
  const term = granted()
  term.restarted({ diedAtMs: 1_000, startedAtMs: 5_000, readyAtMs: 6_000 })
  expect(term.earlyMs(6_999)).toBeGreaterThan(0)
  expect(term.earlyMs(7_000)).toBe(0)
  expect(term.overdueMs(8_000)).toBe(0)
})

test('one that was due when the node died may be gone', () => {
  const term = granted()
  term.restarted({ diedAtMs: 2_100, startedAtMs: 5_000, readyAtMs: 6_000 })
  expect(term.earlyMs(6_000)).toBeLessThanOrEqual(0)
  expect(term.overdueMs(8_000)).toBe(0)
})
