import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ResourceRow } from '../resources/resource-index.ts'
import { InvertedIndex } from './inverted-index.ts'
import { RowOrder, rowNumber } from './row-order.ts'

const row = (id: number, properties: Record<string, string>): ResourceRow => ({
  nsId: 'ns',
  type: 'machine',
  key: `key-${id}`,
  id: `id-${id}`,
  properties,
  revision: 1,
})

const steps = fc.array(
  fc.record({
    id: fc.nat(60),
    properties: fc.option(
      fc.dictionary(fc.constantFrom('name', 'os', '_id'), fc.constantFrom('a', 'b', 'c')),
      { nil: undefined },
    ),
  }),
  { maxLength: 200, size: 'max' },
)

test.each([
  ['of their own', rowNumber],
  ['that others have too', (one: ResourceRow) => rowNumber(one) % 7],
])(
  'rows with numbers %s: every value leads to its rows, and what goes leaves nothing',
  (_, numberOf) => {
    fc.assert(
      fc.property(steps, (taken) => {
        const index = new InvertedIndex(new RowOrder(numberOf))
        const held = new Map<number, ResourceRow>()
        for (const { id, properties } of taken) {
          const before = held.get(id)
          if (properties) {
            held.set(id, row(id, properties))
            index.put(held.get(id) as ResourceRow, before)
          } else if (before) {
            index.delete(before)
            held.delete(id)
          }
        }
        const counts = new Map<string, number>()
        const count = (key: string, value: string) => {
          counts.set(`${key} ${value}`, (counts.get(`${key} ${value}`) ?? 0) + 1)
        }
        for (const one of held.values()) {
          count('_id', one.id)
          // A property that is called as the id is not found.
          for (const [key, value] of Object.entries(one.properties)) {
            if (key !== '_id') count(key, value)
          }
          expect(index.order.rowAt(index.order.placeOf(one))).toBe(one)
        }
        const indexed = new Map<string, number>()
        for (const key of index.keys()) {
          const table = index.table(key)
          for (const value of table?.take('', Infinity).texts ?? []) {
            indexed.set(`${key} ${value}`, table?.countOf(value) ?? 0)
          }
        }
        expect(indexed).toEqual(counts)
        expect(index.order.size).toBe(held.size)
        for (const one of held.values()) index.delete(one)
        expect([...index.keys()]).toEqual([])
        expect(index.order.size).toBe(0)
      }),
      { numRuns: 200 },
    )
  },
)

test('whoever observes is told of what comes, until he stops', () => {
  const index = new InvertedIndex()
  const seen: string[] = []
  const stop = index.observe(({ id }) => seen.push(id))
  const first = row(1, { name: 'a' })
  index.put(first, undefined)
  index.put(row(1, { name: 'b' }), first)
  stop()
  index.put(row(2, {}), undefined)
  expect(seen).toEqual(['id-1', 'id-1'])
})

test('the number of a row is known beforehand, on every node and after every restart', () => {
  const one = row(1, {})
  expect(rowNumber(one)).toBe(
    rowNumber({ ...one, key: 'other', properties: { a: 'b' }, revision: 9 }),
  )
  // A cursor of an earlier release still leads to where it led.
  expect(rowNumber(one).toString(36)).toMatchInlineSnapshot(`"6acrss3jcu"`)
  const ids = Array.from({ length: 20_000 }, (_, id) => rowNumber(row(id, {})))
  expect(new Set(ids).size).toBe(ids.length)
  const low = ids.filter((number) => number < 2 ** 51).length
  expect(low / ids.length).toBeGreaterThan(0.48)
  expect(low / ids.length).toBeLessThan(0.52)
})
