import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ResourceRow } from '../resources/resource-index.ts'
import { Page } from './page.ts'

const rowOf = (id: string): ResourceRow => ({
  nsId: 'ns',
  type: 'machine',
  key: id,
  id,
  properties: {},
  revision: 1,
})
const ids = (rows: readonly ResourceRow[]) => rows.map(({ id }) => id)

test('of all rows, those with the first places after the cursor are on the page, in whatever order they came', () => {
  const places = fc.uniqueArray(fc.nat(60), { maxLength: 40 })
  const setUps = fc.record({ places, after: fc.integer({ min: -1, max: 60 }), limit: fc.nat(9) })
  fc.assert(
    fc.property(setUps, ({ places, after, limit }) => {
      const page = new Page(after, limit + 1)
      for (const place of places) page.add(place, rowOf(`${place}`))
      const due = places.filter((place) => place > after).sort((one, other) => one - other)
      const told = due.slice(0, limit + 1)
      const next = due.length > told.length ? told.at(-1) : undefined
      const closed = page.close(() => true)
      expect({ rows: ids(closed.rows), next: closed.next }).toEqual({
        rows: told.map(String),
        next,
      })
    }),
  )
})

test('a row that comes in the place of another is on the page instead of it', () => {
  const page = new Page(-1, 3)
  for (const place of [2, 1, 3]) page.add(place, rowOf(`before ${place}`))
  page.add(1, rowOf('after 1'))
  const { rows, next } = page.close(() => true)
  expect(ids(rows)).toEqual(['after 1', 'before 2', 'before 3'])
  expect(next).toBeUndefined()
})

test('a page that has lost rows leads on to where its last one was, and one that was not full to nothing', () => {
  const page = new Page(-1, 2)
  for (const place of [1, 2, 3, 4]) page.add(place, rowOf(`${place}`))
  expect(page.close((place) => place !== 2)).toMatchObject({
    rows: [{ id: '1' }, { id: '3' }],
    next: 3,
  })
  expect(page.close(() => false)).toEqual({ rows: [], next: 3 })
  const short = new Page(-1, 2)
  short.add(1, rowOf('1'))
  expect(short.close(() => false)).toEqual({ rows: [], next: undefined })
})
