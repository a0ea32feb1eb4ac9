import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import type { ResourceRow } from '../resources/resource-index.ts'
import { InvertedIndex } from './inverted-index.ts'
import { SearchIndex } from './search-index.ts'

const row = (id: number): ResourceRow => ({
  nsId: 'ns',
  type: 'machine',
  key: `key-${id}`,
  id: `id-${id}`,
  properties: {},
  revision: 1,
})

test('changes are taken over in their order, and forgotten', () => {
  const source = new SearchIndex()
  const rows = Array.from({ length: 10_000 }, (_, id) => row(id))
  for (const one of rows) source.put(one, undefined)
  for (const one of rows.slice(1)) source.delete(one)
  expect(source.behind).toBe(19_999)
  for (let at = 0; at < 10_000; at += 1) expect(source.takeOver()).toBe(true)
  expect(source.index.order.size).toBe(10_000)
  while (source.takeOver()) continue
  expect(source.behind).toBe(0)
  expect(source.index.order.size).toBe(1)
  expect(source.index.table('_id')?.countOf('id-0')).toBe(1)
})

/** Takes four milliseconds for each row. */
class SlowIndex extends InvertedIndex {
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    super()
    this.#clock = clock
  }

  override put(one: ResourceRow, before: ResourceRow | undefined): void {
    super.put(one, before)
    this.#clock.stall(4)
  }
}

test('with a clock it catches up by itself, ten milliseconds at a stretch', async () => {
  const clock = new FakeClock()
  const source = new SearchIndex(clock, new SlowIndex(clock))
  for (let id = 0; id < 20; id += 1) source.put(row(id), undefined)
  expect(source.behind).toBe(20)

  let turnAt: number | undefined
  clock.after(0, () => {
    turnAt = source.behind
  })
  await clock.advance(0)
  // Others had their turn after the first slice: it looks at the time after every fourth.
  expect(turnAt).toBe(16)
  await clock.advance(200)
  expect(source.behind).toBe(0)

  source.put(row(20), undefined)
  await clock.advance(0)
  expect(source.behind).toBe(0)
})
