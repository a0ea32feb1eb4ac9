import { OrderedMap } from '../ordered-map.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import { withoutRow, withRow, type Placed, type Postings } from './postings.ts'
import { NODE_ENTRIES } from './row-order.ts'

/** Instead of a place. */
export const SEVERAL = -1

/**
 * Every value of one property, once, and the rows that have it. Found by the value and in its
 * order; and by slot, which is the order in which values came: about that in which they lie in
 * memory, so that to look at all of them takes a fifth of the time that their own order takes.
 */
export class ValueTable {
  readonly #slots = new OrderedMap<string, number>(undefined, compareText, NODE_ENTRIES)
  readonly #texts: string[] = []
  readonly #postings: (Postings | undefined)[] = []
  /** Where a value has one row: its place, so that most are passed over without being looked at. */
  readonly #places: number[] = []
  readonly #free: number[] = []

  /** How many values there are. */
  get size(): number {
    return this.#slots.size
  }

  /** Slots are below it. A value keeps its own as long as it is there. */
  get slots(): number {
    return this.#texts.length
  }

  add(
    text: string,
    placed: Placed & { readonly before: ResourceRow | undefined },
    placeOf: (row: ResourceRow) => number,
  ): void {
    const slot = this.#slotOf(text)
    const postings = withRow(this.#postings[slot], placed, placeOf)
    this.#postings[slot] = postings
    this.#places[slot] = postings === placed.row ? placed.place : SEVERAL
  }

  remove(text: string, placed: Placed): void {
    const slot = this.#slots.get(text)
    const postings = slot === undefined ? undefined : this.#postings[slot]
    if (slot === undefined || postings === undefined) return
    const left = withoutRow(postings, placed)
    this.#postings[slot] = left
    if (left !== undefined) return
    this.#slots.delete(text)
    this.#texts[slot] = ''
    this.#free.push(slot)
  }

  find(text: string): Postings | undefined {
    const slot = this.#slots.get(text)
    return slot === undefined ? undefined : this.#postings[slot]
  }

  textAt(slot: number): string {
    return this.#texts[slot] ?? ''
  }

  /** Of the only row of a value; `SEVERAL` where there may be more. */
  placeAt(slot: number): number {
    return this.#places[slot] ?? SEVERAL
  }

  /** Undefined: the slot is free, whatever else is told of it. */
  postingsAt(slot: number): Postings | undefined {
    return this.#postings[slot]
  }

  /** Values and their slots in order, from a text on, that included. Not to be changed while it is walked. */
  from(text: string): Iterable<readonly [string, number]> {
    return this.#slots.entries(text)
  }

  #slotOf(text: string): number {
    const slot = this.#free.at(-1) ?? this.#texts.length
    if (!this.#slots.setIfNotPresent(text, slot)) return this.#slots.get(text) as number
    if (slot < this.#texts.length) this.#free.pop()
    this.#texts[slot] = text
    return slot
  }
}

function compareText(left: string, right: string): number {
  if (left < right) return -1
  return left === right ? 0 : 1
}
