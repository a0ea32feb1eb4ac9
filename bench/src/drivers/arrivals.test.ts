import { expect, test } from 'vitest'
import { Arrivals } from './arrivals.ts'

test('reports how long changes took, but for those of the warm-up', () => {
  const arrivals = new Arrivals(4, 1)
  for (const change of [0, 1, 2, 3]) {
    arrivals.sent(change, 1_000 * (change + 1))
    arrivals.answered(change, 1_000 * (change + 1) + 3)
  }
  arrivals.arrived(0, 1_900)
  arrivals.arrived(1, 2_010)
  arrivals.arrived(2, 3_030)
  arrivals.arrived(2, 3_999)
  expect(arrivals.isComplete).toBe(false)
  expect(arrivals.report()).toEqual({
    count: 3,
    missing: 1,
    perSecond: 1,
    p50Ms: 10,
    p99Ms: 30,
    maxMs: 30,
    answeredP50Ms: 3,
    answeredP99Ms: 3,
  })
  arrivals.arrived(3, 4_001)
  expect(arrivals.isComplete).toBe(true)
})
