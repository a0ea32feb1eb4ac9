import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeadlineHeap } from './deadline-heap.ts'

test('what is taken out comes in the order of time, whatever was put in between', () => {
  const step = fc.option(fc.nat(50), { nil: undefined })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new DeadlineHeap()
      const model: number[] = []
      for (const [id, atMs] of steps.entries()) {
        if (atMs === undefined) {
          expect(heap.pop()?.atMs).toBe(model.shift())
        } else {
          heap.push({ id, atMs })
          model.push(atMs)
          model.sort((left, right) => left - right)
        }
        expect(heap.first?.atMs).toBe(model[0])
        expect(heap.size).toBe(model.length)
      }
    }),
  )
})
