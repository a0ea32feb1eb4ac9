import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkedMap } from './chunked-map.ts'
import { numbersBelow, textsBelow } from './lower-bound.ts'
import { PlaceSet } from './place-set.ts'

/** So many that there are chunks, and that whole ones go again. */
const setUps = fc.record({
  added: fc.array(fc.nat(2_000), { minLength: 300, maxLength: 2_000, size: 'max' }),
  every: fc.integer({ min: 1, max: 50 }),
  start: fc.integer({ min: -1, max: 2_100 }),
  count: fc.nat(400),
})

test('a map is in the order of its keys, whatever comes and goes', () => {
  fc.assert(
    fc.property(setUps, ({ added, every, start, count }) => {
      const map = new ChunkedMap<number, string>(numbersBelow)
      const model = new Map<number, string>()
      for (const [at, key] of added.entries()) {
        const value = `${at}`
        expect(map.getOrAdd(key, value)).toBe(model.get(key) ?? value)
        if (!model.has(key)) model.set(key, value)
      }
      for (const key of [...model.keys()].filter((one) => one % every !== 0)) {
        map.delete(key)
        model.delete(key)
      }
      for (const key of [start, ...model.keys()].filter((one) => one % 3 === 0)) {
        map.replace(key, 'other')
        if (model.has(key)) model.set(key, 'other')
      }
      map.delete(start + 0.5)
      const due = [...model].filter(([key]) => key >= start).sort(([a], [b]) => a - b)
      const { keys, values } = map.take(start, count)
      expect(keys.map((key, at) => [key, values[at]])).toEqual(due.slice(0, count))
      expect(map.size).toBe(model.size)
      expect(map.get(start)).toBe(model.get(start))
      const upTo = start + count
      expect(map.countWhile(start, (key) => key < upTo)).toBe(
        due.filter(([key]) => key < upTo).length,
      )
    }),
    { numRuns: 200 },
  )
})

test('texts that begin so are counted, those with characters after all others too', () => {
  const map = new ChunkedMap<string, number>(textsBelow)
  const texts = Array.from({ length: 3_000 }, (_, at) => `web-${at}`)
  for (const text of [...texts, 'a', 'web', 'web-\u{10ffff}', 'x']) map.getOrAdd(text, 0)
  const countOf = (prefix: string) => map.countWhile(prefix, (text) => text.startsWith(prefix))
  const matching = (prefix: string) => texts.filter((text) => text.startsWith(prefix)).length
  expect(countOf('')).toBe(3_004)
  expect(countOf('web')).toBe(3_002)
  expect(countOf('web-')).toBe(3_001)
  for (const prefix of ['web-1', 'web-29', 'web-299', 'web-2999', 'web-3000']) {
    expect(countOf(prefix)).toBe(matching(prefix))
  }
  expect(countOf('b')).toBe(0)
  expect(countOf('y')).toBe(0)
})

test('a set of places is in order, whatever comes and goes', () => {
  fc.assert(
    fc.property(setUps, ({ added, every, start, count }) => {
      const set = new PlaceSet()
      for (const place of added) set.add(place)
      for (const place of added) if (place % every !== 0) set.delete(place)
      set.delete(start + 0.5)
      const left = [...new Set(added.filter((place) => place % every === 0))].sort((a, b) => a - b)
      expect(set.size).toBe(left.length)
      expect(set.take(start, count)).toEqual(left.filter((one) => one >= start).slice(0, count))
    }),
    { numRuns: 200 },
  )
})
