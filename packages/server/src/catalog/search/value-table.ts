import { ChunkedMap } from './chunked-map.ts'
import { textsBelow } from './lower-bound.ts'
import { PlaceSet } from './place-set.ts'

/** Instead of a place; as any number below zero, it is none. */
const SEVERAL = -1

/** Instead of a place: nobody has the value, the slot is free. */
const FREE = -2

/**
 * Every value of one property, once, and the places of the rows that have it. Found by the value
 * and in its order; and by slot, which is the order in which values came: about that in which
 * they lie in memory, so that to look at all of them takes a fifth of the time that their own
 * order takes.
 */
export class ValueTable {
  readonly #slots = new ChunkedMap<string, number>(textsBelow)
  readonly #texts: string[] = []
  /** Nearly every value has one row: its place. */
  readonly #places: number[] = []
  /** By slot, where a value has had several rows at once. */
  readonly #shared = new Map<number, PlaceSet>()
  readonly #free: number[] = []

  /** How many values there are. */
  get size(): number {
    return this.#slots.size
  }

  /** Slots are below it. A value keeps its own as long as it is there. */
  get slots(): number {
    return this.#texts.length
  }

  add(text: string, place: number): void {
    const free = this.#free.at(-1) ?? this.#texts.length
    const slot = this.#slots.getOrAdd(text, free)
    const known = this.placeAt(slot)
    if (known === FREE) {
      if (slot < this.#texts.length) this.#free.pop()
      this.#texts[slot] = text
      this.#places[slot] = place
    } else if (known === SEVERAL) this.#shared.get(slot)?.add(place)
    else if (known !== place) {
      const places = new PlaceSet()
      places.add(known)
      places.add(place)
      this.#shared.set(slot, places)
      this.#places[slot] = SEVERAL
    }
  }

  remove(text: string, place: number): void {
    const slot = this.#slots.get(text)
    if (slot === undefined) return
    const shared = this.#shared.get(slot)
    shared?.delete(place)
    if (shared ? shared.size > 0 : this.#places[slot] !== place) return
    this.#shared.delete(slot)
    this.#slots.delete(text)
    this.#texts[slot] = ''
    this.#places[slot] = FREE
    this.#free.push(slot)
  }

  /** Undefined: nobody has the value. */
  slotOf(text: string): number | undefined {
    return this.#slots.get(text)
  }

  textAt(slot: number): string {
    return this.#texts[slot] ?? ''
  }

  /** Of the only row of a value; no place at all where there may be several, or the slot is free. */
  placeAt(slot: number): number {
    return this.#places[slot] ?? FREE
  }

  /** Of the rows of a value, where there may be several. */
  sharedAt(slot: number): PlaceSet | undefined {
    return this.#places[slot] === SEVERAL ? this.#shared.get(slot) : undefined
  }

  /** How many rows have a value. */
  countOf(text: string): number {
    const slot = this.#slots.get(text)
    return slot === undefined ? 0 : (this.#shared.get(slot)?.size ?? 1)
  }

  /** The first `count` values, and their slots, from a text on, that included. */
  take(from: string, count: number): { readonly texts: string[]; readonly slots: number[] } {
    const { keys, values } = this.#slots.take(from, count)
    return { texts: keys, slots: values }
  }

  /** How many values begin with a text, told by a look at a few. */
  countOfPrefix(text: string): number {
    return this.#slots.countWhile(text, (value) => value.startsWith(text))
  }
}
