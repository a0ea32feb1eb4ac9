import { expect, test } from 'vitest'
import { ArrivalOrder } from './arrival-order.ts'

test('changes may arrive in the order of their revisions, whatever their numbers', () => {
  const order = new ArrivalOrder(2, 3)
  for (const change of [1, 0, 2]) order.note(0, change)
  for (const change of [1, 2]) order.note(1, change)

  expect(order.outOfOrder(Float64Array.of(20, 10, 30))).toBe(0)
})

test('counts what came after something later, of each watcher for itself', () => {
  const order = new ArrivalOrder(2, 3)
  for (const change of [0, 2, 1]) order.note(0, change)
  for (const change of [2, 0, 1]) order.note(1, change)

  expect(order.outOfOrder(Float64Array.of(10, 20, 30))).toBe(2)
})

test('holds no more of a watcher than there are changes', () => {
  const order = new ArrivalOrder(2, 2)
  for (const change of [0, 1, 1, 1]) order.note(0, change)
  order.note(1, 1)

  expect(order.outOfOrder(Float64Array.of(10, 20))).toBe(0)
})
