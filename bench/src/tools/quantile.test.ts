import { expect, test } from 'vitest'
import { quantile } from './quantile.ts'

test('answers the nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, at) => at + 1)
  expect(quantile(values, 0.5)).toBe(50)
  expect(quantile(values, 0.99)).toBe(99)
  expect(quantile(values, 1)).toBe(100)
  expect(quantile(Float64Array.of(7), 0.99)).toBe(7)
  expect(quantile([], 0.5)).toBeNaN()
})
