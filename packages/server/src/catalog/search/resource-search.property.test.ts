import { systemClock } from '@rollcall/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FAMILY, namespaceKey, rowKey } from '../key-schema.ts'
import { encodeNamespace, ROOT_ID } from '../namespaces/namespace-record.ts'
import { NamespaceTable } from '../namespaces/namespace-table.ts'
import type { SearchMode, SearchPage, SearchQuery } from '../resource-catalog.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import { encodeResource } from '../resources/resource-record.ts'
import { ResourceTable } from '../resources/resource-table.ts'
import { InvertedIndex } from './inverted-index.ts'
import { ResourceSearch } from './resource-search.ts'
import { RowOrder, rowNumber } from './row-order.ts'
import { SearchIndex } from './search-index.ts'

/** So that a handful of rows takes every way that half a million take. */
const TUNING = { few: 1, rowCost: 2, walkCost: 0.2, batch: 3 }

const NAMESPACES = ['a', 'b', 'c', 'd']
const word = fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'ba', 'xab', 'é😀', 'ab\0', '\uffff')
const key = fc.constantFrom('name', 'os', 'constructor')
const place = { nsId: fc.constantFrom(...NAMESPACES), type: fc.constantFrom('machine', 'deploy') }

type Change =
  | { kind: 'put'; nsId: string; type: string; id: number; properties: Record<string, string> }
  | { kind: 'delete'; at: number }
  | { kind: 'move'; at: number; nsId: string }
  | { kind: 'place'; nsId: string; parent: string; name: string }

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put'),
      ...place,
      id: fc.nat(25),
      properties: fc.dictionary(key, word, { maxKeys: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete'), at: fc.nat(99) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('move'), at: fc.nat(99), nsId: place.nsId }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('place'),
      nsId: fc.constantFrom('c', 'd'),
      parent: fc.constantFrom('a', 'b', ROOT_ID),
      name: fc.constantFrom('one', 'two'),
    }),
  },
)

const query = fc.record({
  type: fc.option(fc.constantFrom('machine', 'deploy'), { nil: undefined }),
  nsId: fc.constantFrom(ROOT_ID, ...NAMESPACES),
  key: fc.option(fc.constantFrom('name', 'os', '_id', 'constructor', 'none'), { nil: undefined }),
  value: fc.constantFrom('', 'a', 'ab', 'b', 'id-1', 'id-12', '^a', 'b$', 'é', '[bd]', 'none'),
  mode: fc.constantFrom<SearchMode>('exact', 'prefix', 'contains', 'regex'),
  limit: fc.integer({ min: 1, max: 7 }),
})

/** Few numbers for many rows, so that some are taken. */
const crowded = (row: ResourceRow) => rowNumber(row) % 11

/** A view that changes while it is searched, and a plain list of what is in it. */
class World {
  readonly index: InvertedIndex
  readonly source: SearchIndex
  readonly rows = new Map<string, ResourceRow>()
  readonly #namespaces = new NamespaceTable()
  readonly #resources: ResourceTable
  readonly #search: ResourceSearch
  readonly #parents = new Map<string, string>()
  /** Called whenever others have their turn. */
  onTurn = () => {}
  #revision = 1

  constructor(numberOf: (row: ResourceRow) => number) {
    this.index = new InvertedIndex(new RowOrder(numberOf))
    this.source = new SearchIndex(undefined, this.index)
    const told = {
      put: (row: ResourceRow) => this.rows.set(storedKey(row), row),
      delete: (row: ResourceRow) => this.rows.delete(storedKey(row)),
    }
    this.#resources = new ResourceTable(FAMILY.resource, [this.source, told])
    for (const id of NAMESPACES) this.#place(id, ROOT_ID, id)
    const tables = {
      namespaces: this.#namespaces,
      resources: this.#resources,
      search: this.source,
    }
    const turn = async () => {
      await Promise.resolve()
      this.onTurn()
    }
    this.#search = new ResourceSearch(
      { tables, options: { clock: systemClock } },
      { tuning: TUNING, workFor: () => ({ step: turn, end: () => {} }) },
    )
  }

  take(change: Change): void {
    this.#revision += 1
    const found =
      'at' in change ? [...this.rows.values()].at(change.at % this.rows.size) : undefined
    if (change.kind === 'put') this.#put({ ...change, id: `id-${change.id}` })
    else if (change.kind === 'place') this.#place(change.nsId, change.parent, change.name)
    else if (found) {
      this.#resources.delete(storedKey(found))
      this.#resources.settle()
      if (change.kind === 'move') this.#put({ ...found, nsId: change.nsId })
    }
  }

  search({ nsId, ...rest }: Query, after?: string): Promise<SearchPage> {
    const node = this.#namespaces.get(nsId)
    const ns = node ? this.#namespaces.path(node) : ''
    return this.#search.search({ ...rest, ns, after })
  }

  /** What is to be found, by a look at everything. */
  matches({ nsId, type, key, value, mode }: Query): Map<string, readonly string[]> {
    const pattern = mode === 'regex' ? new RegExp(value, 'u') : undefined
    const isMatch = (text: string) => {
      if (pattern) return pattern.test(text)
      if (mode === 'exact') return text === value
      return mode === 'prefix' ? text.startsWith(value) : text.includes(value)
    }
    const found = new Map<string, readonly string[]>()
    for (const row of this.rows.values()) {
      if (type !== undefined && row.type !== type) continue
      if (!this.#line(row.nsId).includes(nsId)) continue
      const values: [string, string][] = [['_id', row.id], ...Object.entries(row.properties)]
      const matched = values.filter(
        ([name, text]) => (key === undefined || name === key) && isMatch(text),
      )
      if (matched.length > 0)
        found.set(
          storedKey(row),
          matched.map(([name]) => name),
        )
    }
    return found
  }

  stored({ ns, type, id }: { ns: string; type: string; id: string }): string {
    return storedKey({ nsId: this.#namespaces.find(ns)?.id ?? '', type, key: id })
  }

  #put({ nsId, type, id, properties }: Pick<ResourceRow, 'nsId' | 'type' | 'id' | 'properties'>) {
    const key = storedKey({ nsId, type, key: id })
    const value = encodeResource({ id, properties })
    const modRevision = this.#revision
    this.#resources.put({ key, value, createRevision: modRevision, modRevision, lease: 0 })
  }

  #place(id: string, parent: string, name: string): void {
    if (this.#namespaces.child(parent, name)) return
    this.#parents.set(id, parent)
    const kind = 'inner' as const
    const value = encodeNamespace({ parent, name, kind, match: undefined, comment: '' })
    const modRevision = this.#revision
    const key = namespaceKey(id)
    this.#namespaces.put({ key, value, createRevision: 1, modRevision, lease: 0 })
  }

  #line(nsId: string): string[] {
    const parent = this.#parents.get(nsId)
    return parent === undefined ? [nsId] : [nsId, ...this.#line(parent)]
  }
}

type Query = Omit<SearchQuery, 'ns' | 'after'> & { readonly nsId: string }

function storedKey({ nsId, type, key }: Pick<ResourceRow, 'nsId' | 'type' | 'key'>): string {
  return rowKey(FAMILY.resource, nsId, { type, key })
}

const setUps = fc.record({
  before: fc.array(change, { minLength: 10, maxLength: 60, size: 'max' }),
  during: fc.array(fc.array(change, { maxLength: 2 }), { maxLength: 40, size: 'max' }),
  numberOf: fc.constantFrom(rowNumber, crowded),
})

test('a page is what is true when it is made, whatever changes while it is', async () => {
  await fc.assert(
    fc.asyncProperty(setUps, query, async ({ before, during, numberOf }, asked) => {
      const world = new World(numberOf)
      for (const one of before) world.take(one)
      const turns = during.values()
      world.onTurn = () => {
        for (const one of turns.next().value ?? []) {
          // Rows that come into its scope with their namespace count from the next page on.
          if (one.kind !== 'place') world.take(one)
        }
      }
      let from = -1
      for (let after: string | undefined, pages = 0; pages < 100; pages += 1) {
        const page = await world.search(asked, after)
        const expected = world.matches(asked)
        const upTo = page.next === undefined ? Infinity : Number.parseInt(page.next, 36)
        const due = [...expected.keys()]
          .map((stored) => ({ stored, row: world.rows.get(stored) as ResourceRow }))
          .map(({ stored, row }) => ({ stored, row, place: world.index.order.placeOf(row) }))
          .filter(({ place }) => place > from && place <= upTo)
          .sort((one, other) => one.place - other.place)
        const told = page.hits.map((hit) => ({
          stored: world.stored(hit),
          matched: [...hit.matched].sort(),
          properties: hit.properties,
        }))
        expect(told).toEqual(
          due.map(({ stored, row }) => ({
            stored,
            matched: [...(expected.get(stored) ?? [])].sort(),
            properties: row.properties,
          })),
        )
        expect(page.hits.length).toBeLessThanOrEqual(asked.limit)
        if (page.next === undefined) return
        after = page.next
        from = upTo
      }
      throw new Error('there is no end to the pages')
    }),
    { numRuns: 600 },
  )
})

test('over all pages, what is there all along is told once, and what never was is not', async () => {
  await fc.assert(
    fc.asyncProperty(setUps, query, async ({ before, during }, asked) => {
      const world = new World(rowNumber)
      for (const one of before) world.take(one)
      let always = new Set(world.matches(asked).keys())
      const ever = new Set(always)
      const turns = during.values()
      world.onTurn = () => {
        for (const one of turns.next().value ?? []) {
          world.take(one)
          const now = world.matches(asked)
          always = new Set([...always].filter((stored) => now.has(stored)))
          for (const stored of now.keys()) ever.add(stored)
        }
      }
      const told: string[] = []
      let after: string | undefined
      do {
        const page = await world.search(asked, after)
        for (const hit of page.hits) told.push(world.stored(hit))
        after = page.next
        world.onTurn()
      } while (after !== undefined)
      expect(told.filter((stored) => !ever.has(stored))).toEqual([])
      const times = new Map(told.map((stored) => [stored, told.filter((s) => s === stored).length]))
      for (const stored of always) expect(times.get(stored)).toBe(1)
    }),
    { numRuns: 400 },
  )
})
