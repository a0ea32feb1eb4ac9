/**
 * What is searched for: values that one resource has, some, and nearly all.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'
import { nameOf, propertiesOf, serialOf, SYSTEMS, TOP } from './workload.ts'

/** A kind of search: how it is asked, and what it finds. */
export interface SearchCase {
  readonly what: string
  readonly mode: 'exact' | 'prefix' | 'contains' | 'regex'
  /** Undefined: any property. */
  readonly key?: string
  /** What is searched for, the `n`th time. */
  readonly value: (n: number) => string
  /** No search of this kind finds fewer on its first page. */
  readonly hitsMin: number
  readonly times: { readonly quick: number; readonly full: number }
  readonly targetMs?: number
}

/** Some number of a resource that is there, another each time. */
type Pick = (n: number) => number

/** All kinds among `count` resources. */
export function searchCases(count: number): readonly SearchCase[] {
  const pick = (n: number) => (n * 7_919) % count
  return [...exact(pick), ...prefix(pick), ...contains(pick), ...regex(pick)]
}

/** The path that asks for one. */
export function searchPath({ mode, key, value }: SearchCase, n: number): string {
  const what = key === undefined ? { q: value(n) } : { key, value: value(n) }
  return `${API_BASE}/search?${new URLSearchParams({ ...what, mode, ns: TOP }).toString()}`
}

function exact(pick: Pick): SearchCase[] {
  const shared = { mode: 'exact', times: { quick: 200, full: 5_000 }, targetMs: 1 } as const
  const ipOf = (n: number) => propertiesOf(pick(n))['ip'] ?? ''
  const systemOf = (n: number) => SYSTEMS[n % SYSTEMS.length] ?? ''
  return [
    {
      ...shared,
      what: 'exactly a name',
      key: 'name',
      value: (n) => nameOf(pick(n)),
      hitsMin: 1,
    },
    { ...shared, what: 'exactly an address in any property', value: ipOf, hitsMin: 1 },
    {
      ...shared,
      what: 'exactly a system, which a fifth has',
      key: 'os',
      value: systemOf,
      hitsMin: 100,
    },
  ]
}

function prefix(pick: Pick): SearchCase[] {
  const shared = { mode: 'prefix', times: { quick: 100, full: 1_000 }, targetMs: 5 } as const
  return [
    {
      ...shared,
      what: 'names that begin so, a few',
      key: 'name',
      value: (n) => `web-${pick(n)}`,
      hitsMin: 1,
    },
    {
      ...shared,
      what: 'names that begin so, 11111 or more',
      key: 'name',
      value: (n) => `web-${1 + (n % 9)}`,
      hitsMin: 100,
    },
    { ...shared, what: 'any values that begin so, in all', value: () => 'web-', hitsMin: 100 },
  ]
}

function contains(pick: Pick): SearchCase[] {
  const shared = { mode: 'contains', times: { quick: 10, full: 100 }, targetMs: 200 } as const
  const partOf = (n: number) => serialOf(pick(n)).slice(4, 22)
  return [
    {
      ...shared,
      what: 'names with a part, one',
      key: 'name',
      value: (n) => `-${pick(n)}.rack`,
      hitsMin: 1,
    },
    { ...shared, what: 'any values with a part, one', value: partOf, hitsMin: 1 },
    { ...shared, what: 'any values with a part, none', value: () => 'is in none', hitsMin: 0 },
  ]
}

function regex(pick: Pick): SearchCase[] {
  const shared = { mode: 'regex', times: { quick: 10, full: 100 } } as const
  return [
    {
      ...shared,
      what: 'names that match a pattern, one',
      key: 'name',
      value: (n) => `^web-0*${pick(n)}\\.`,
      hitsMin: 1,
    },
    {
      ...shared,
      what: 'any values that match a pattern, a tenth',
      value: () => 'web-[0-9]+7\\.rack',
      hitsMin: 100,
    },
  ]
}
