import { expect, test } from 'vitest'
import { Deliveries } from './deliveries.ts'

test('counts each delivery once, and what never came', () => {
  const deliveries = new Deliveries(2, Float64Array.of(1_000, 2_000))
  deliveries.note(0, 0, 1_010)
  deliveries.note(1, 0, 1_040)
  deliveries.note(1, 0, 1_900)
  deliveries.note(0, 1, 2_020)
  expect(deliveries.isComplete).toBe(false)
  expect(deliveries.report()).toEqual({
    expected: 4,
    delivered: 3,
    missing: 1,
    repeated: 1,
    p50Ms: 20,
    p99Ms: 40,
    maxMs: 40,
  })
})

test('is complete once everyone has everything', () => {
  const deliveries = new Deliveries(1, Float64Array.of(5))
  deliveries.note(0, 0, 6)
  expect(deliveries.isComplete).toBe(true)
})

test('a change that was never published is a mistake of ours', () => {
  const deliveries = new Deliveries(1, Float64Array.of(5))
  expect(() => {
    deliveries.note(0, 1, 6)
  }).toThrow('change 1')
})
