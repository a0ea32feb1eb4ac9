import { systemClock } from '@rollcall/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FAMILY, namespaceKey, rowKey } from '../key-schema.ts'
import { encodeNamespace, ROOT_ID } from '../namespaces/namespace-record.ts'
import type { SearchMode } from '../resource-catalog.ts'
import { encodeResource } from '../resources/resource-record.ts'
import { ViewTables } from '../view/tables.ts'
import { ResourceSearch } from './resource-search.ts'
import { rowNumber } from './row-order.ts'

type Change = { readonly id: number; readonly os: string | undefined }

const SYSTEMS = ['linux-a', 'linux-b', 'bsd']
const system = fc.constantFrom(...SYSTEMS)
const change: fc.Arbitrary<Change> = fc.record({
  id: fc.nat(1_200),
  os: fc.option(system, { nil: undefined }),
})
const setUps = fc.record({
  hosts: fc.integer({ min: 200, max: 1_000 }),
  between: fc.array(fc.array(change, { maxLength: 20 }), { maxLength: 30, size: 'max' }),
  asked: fc.constantFrom<readonly [SearchMode, string]>(
    ['exact', 'linux-a'],
    ['exact', 'bsd'],
    ['prefix', 'linux-'],
    ['prefix', ''],
    ['contains', 's'],
  ),
  key: fc.constantFrom('os', undefined),
  limit: fc.integer({ min: 5, max: 300 }),
})

/** Hosts that share a few systems, so that each leads to hundreds. */
class Hosts {
  readonly systems = new Map<number, string>()
  readonly #tables = new ViewTables()
  readonly search = new ResourceSearch({
    tables: this.#tables,
    options: { clock: systemClock },
  }).search

  constructor(count: number) {
    const record = { parent: ROOT_ID, name: 'ns', kind: 'leaf' as const }
    this.#put(namespaceKey('ns'), encodeNamespace({ ...record, match: undefined, comment: '' }))
    for (let id = 0; id < count; id += 1) this.take({ id, os: SYSTEMS[id % SYSTEMS.length] })
  }

  take({ id, os }: Change): void {
    const key = rowKey(FAMILY.resource, 'ns', { type: 'machine', key: `${id}` })
    if (os === undefined) {
      this.systems.delete(id)
      this.#tables.apply([{ kind: 'delete', key }])
    } else {
      this.systems.set(id, os)
      this.#put(key, encodeResource({ id: `${id}`, properties: { os } }))
    }
  }

  matching(test: (os: string) => boolean): Set<string> {
    const found = [...this.systems].filter(([, os]) => test(os))
    return new Set(found.map(([id]) => `${id}`))
  }

  #put(key: string, value: Uint8Array): void {
    this.#tables.put({ key, value, createRevision: 1, modRevision: 1, lease: 0 })
  }
}

const TESTS: Partial<Record<SearchMode, (os: string, value: string) => boolean>> = {
  exact: (os, value) => os === value,
  prefix: (os, value) => os.startsWith(value),
  contains: (os, value) => os.includes(value),
}

test('a value that many have is told in full pages, in order, each that stays once', async () => {
  await fc.assert(
    fc.asyncProperty(setUps, async ({ hosts: count, between, asked, key, limit }) => {
      const [mode, value] = asked
      const hosts = new Hosts(count)
      const now = () => hosts.matching((os) => TESTS[mode]?.(os, value) ?? false)
      let always = now()
      const ever = new Set(always)
      const told: string[] = []
      const changes = between.values()
      let after: string | undefined
      do {
        const page = await hosts.search({ ns: 'ns', key, value, mode, limit, after })
        for (const { id } of page.hits) told.push(id)
        after = page.next
        if (after !== undefined) expect(page.hits).toHaveLength(limit)
        for (const one of changes.next().value ?? []) {
          hosts.take(one)
          const left = now()
          always = new Set([...always].filter((id) => left.has(id)))
          for (const id of left) ever.add(id)
        }
      } while (after !== undefined)
      const numbers = told.map((id) => rowNumber({ ...ROW, id }))
      expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other))
      const all = new Set(told)
      expect([...always].filter((id) => !all.has(id))).toEqual([])
      expect(told.filter((id) => !ever.has(id))).toEqual([])
    }),
    { numRuns: 100 },
  )
})

const ROW = { nsId: 'ns', type: 'machine', key: '', properties: {}, revision: 1 }
