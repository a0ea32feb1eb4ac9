import type { Properties } from '../resource-catalog.ts'
import type { ResourceIndex, ResourceRow } from '../resources/resource-index.ts'
import { RowOrder } from './row-order.ts'
import { ValueTable } from './value-table.ts'

/** The id of a resource, as searches call it. */
export const ID_KEY = '_id'

/** Hears of every row that comes, or comes in another's place. */
export type RowObserver = (row: ResourceRow) => void

/**
 * From each value of each property to the rows that have it. It is fed row by row, as the view
 * is, and holds the texts that the view holds and no copies.
 */
export class InvertedIndex implements ResourceIndex {
  readonly order: RowOrder
  readonly #tables = new Map<string, ValueTable>()
  readonly #observers = new Set<RowObserver>()

  constructor(order = new RowOrder()) {
    this.order = order
  }

  /** Names of the properties that there are, and the id's. */
  keys(): Iterable<string> {
    return this.#tables.keys()
  }

  /** Undefined: no resource has the property. */
  table(key: string): ValueTable | undefined {
    return this.#tables.get(key)
  }

  put(row: ResourceRow, before: ResourceRow | undefined): void {
    if (before && this.order.haveSameNumber(row, before)) this.#replace(row, before)
    else {
      if (before) this.delete(before)
      this.#add(row)
    }
    for (const observe of this.#observers) observe(row)
  }

  delete(row: ResourceRow): void {
    const place = this.order.placeOf(row)
    this.#remove(row, place)
    this.order.remove(row)
    const displaced = this.order.displacedFrom(place)
    if (!displaced) return
    this.#remove(displaced, this.order.placeOf(displaced))
    this.order.remove(displaced)
    this.#add(displaced)
    for (const observe of this.#observers) observe(displaced)
  }

  /** Until the returned function is called. */
  observe(observer: RowObserver): () => void {
    this.#observers.add(observer)
    return () => {
      this.#observers.delete(observer)
    }
  }

  #add(row: ResourceRow): void {
    const place = this.order.add(row)
    this.#tableOf(ID_KEY).add(row.id, place)
    const { properties } = row
    for (const key of keysOf(properties)) this.#tableOf(key).add(properties[key] as string, place)
  }

  #remove(row: ResourceRow, place: number): void {
    this.#removeValue(ID_KEY, row.id, place)
    const { properties } = row
    for (const key of keysOf(properties)) this.#removeValue(key, properties[key] as string, place)
  }

  /** The place stays, so that values that stay need not be looked for. */
  #replace(row: ResourceRow, before: ResourceRow): void {
    const place = this.order.replace(row, before)
    const { properties: was } = before
    const { properties: is } = row
    for (const key of keysOf(was)) {
      if (was[key] !== is[key]) this.#removeValue(key, was[key] as string, place)
    }
    for (const key of keysOf(is)) {
      if (was[key] !== is[key]) this.#tableOf(key).add(is[key] as string, place)
    }
    if (row.id === before.id) return
    this.#removeValue(ID_KEY, before.id, place)
    this.#tableOf(ID_KEY).add(row.id, place)
  }

  #tableOf(key: string): ValueTable {
    const known = this.#tables.get(key)
    if (known) return known
    const table = new ValueTable()
    this.#tables.set(key, table)
    return table
  }

  #removeValue(key: string, text: string, place: number): void {
    const table = this.#tables.get(key)
    table?.remove(text, place)
    if (table?.size === 0) this.#tables.delete(key)
  }
}

/** What is called as the id is not found: the id is. */
function keysOf(properties: Properties): readonly string[] {
  const keys = Object.keys(properties)
  return keys.includes(ID_KEY) ? keys.filter((key) => key !== ID_KEY) : keys
}
