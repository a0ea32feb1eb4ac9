import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OrderedMap } from './ordered-map.ts'

const LENGTH = 3_000

/** What is deleted: one in so many between two numbers, in some order; and some anywhere. */
const deletions = fc.record({
  ends: fc.tuple(fc.nat(LENGTH), fc.nat(LENGTH)),
  oneIn: fc.integer({ min: 1, max: 5 }),
  order: fc.constantFrom('up', 'down', 'from both ends'),
  others: fc.array(fc.nat(LENGTH * 2), { maxLength: 5 }),
})

test('keys that are deleted together are gone, wherever they are and in whatever order they are named', () => {
  fc.assert(
    fc.property(fc.array(deletions, { minLength: 1, maxLength: 5 }), (all) => {
      const map = new OrderedMap<number, string>()
      const model = new Map<number, string>()
      for (let n = 0; n < LENGTH; n += 1) {
        map.set(n, `${n}`)
        model.set(n, `${n}`)
      }
      for (const { ends, oneIn, order, others } of all) {
        const keys = between(ends, oneIn)
        if (order === 'down') keys.reverse()
        if (order === 'from both ends') keys.sort((one, other) => (one % 7) - (other % 7))
        keys.push(...others)
        const sizeBefore = model.size
        for (const key of keys) model.delete(key)
        expect(map.deleteKeys(keys)).toBe(sizeBefore - model.size)
        map.checkValid(true)
        expect(map.toArray()).toEqual([...model])
        expect(map.size).toBe(model.size)
      }
    }),
    { numRuns: 60 },
  )
})

test('what replaces another answers it, and is found under its key from then on', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 400 }), (keys) => {
      const map = new OrderedMap<number, number>()
      const model = new Map<number, number>()
      for (const [at, key] of keys.entries()) {
        expect(map.replace(key, at)).toBe(model.get(key))
        model.set(key, at)
      }
      expect(map.toArray()).toEqual([...model].sort(([one], [other]) => one - other))
    }),
  )
})

test('what is deleted far apart is looked up, and not all that lies between passed', () => {
  let compared = 0
  const map = new OrderedMap<number, number>(undefined, (left, right) => {
    compared += 1
    return left - right
  })
  for (let n = 0; n < 100_000; n += 1) map.set(n, n)
  compared = 0
  expect(map.deleteKeys([3, 50_000, 99_999])).toBe(3)
  expect(compared).toBeLessThan(500)
})

function between([one, other]: [number, number], step: number): number[] {
  const keys: number[] = []
  for (let n = Math.min(one, other); n <= Math.max(one, other); n += step) keys.push(n)
  return keys
}
