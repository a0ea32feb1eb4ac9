/**
 * The order of hits, and so what a cursor names. Each row has a place in it: a number made of its
 * id, and after that of where it is. So a place is the same on every node and after every
 * restart, survives renames, and hardly moves when the row does. It has no relation to what is in
 * the row: wherever one begins to walk, hits are as dense as anywhere.
 *
 * Two rows whose numbers are the same are told apart by who came first; of half a million rows
 * that is about one pair in a thousand catalogs.
 *
 * @module
 */

import type { ResourceRow } from '../resources/resource-index.ts'
import { ChunkedMap, type Entries } from './chunked-map.ts'
import { numbersBelow } from './lower-bound.ts'

/** Of the number of a row: what its namespace and type decide. The id decides the 32 above. */
const WHERE_BITS = 20

/** Any odd number with as many ones as zeros in no pattern. */
const ODD = 0x9e_37_79_b1

/** A row and where it is in the order of hits. */
export interface Placed {
  readonly place: number
  readonly row: ResourceRow
}

/** All rows in the order of hits. */
export class RowOrder {
  readonly #rows = new ChunkedMap<number, ResourceRow>(numbersBelow)
  readonly #numberOf: (row: ResourceRow) => number
  /** Rows whose number was taken when they came. */
  readonly #displaced = new Map<ResourceRow, number>()

  constructor(numberOf: (row: ResourceRow) => number = rowNumber) {
    this.#numberOf = numberOf
  }

  get size(): number {
    return this.#rows.size
  }

  /** Gives a row its place, the one of `before` where it has the same number. */
  add(row: ResourceRow): number {
    const number = this.#numberOf(row)
    let place = number
    while (this.#rows.getOrAdd(place, row) !== row) place += 1
    if (place !== number) this.#displaced.set(row, place)
    return place
  }

  /** Puts a row in the place of another with the same number. */
  replace(row: ResourceRow, before: ResourceRow): number {
    const place = this.placeOf(before)
    if (this.#displaced.delete(before)) this.#displaced.set(row, place)
    this.#rows.replace(place, row)
    return place
  }

  haveSameNumber(one: ResourceRow, other: ResourceRow): boolean {
    return this.#numberOf(one) === this.#numberOf(other)
  }

  remove(row: ResourceRow): void {
    this.#rows.delete(this.placeOf(row))
    this.#displaced.delete(row)
  }

  /** One that may have the place that just became free: a row whose key changed comes before the old one goes. */
  displacedFrom(place: number): ResourceRow | undefined {
    if (this.#displaced.size === 0) return undefined
    for (const row of this.#displaced.keys()) if (this.#numberOf(row) === place) return row
    return undefined
  }

  /** Of a row that has one. */
  placeOf(row: ResourceRow): number {
    return this.#displaced.get(row) ?? this.#numberOf(row)
  }

  rowAt(place: number): ResourceRow | undefined {
    return this.#rows.get(place)
  }

  /** The first `count` places that are taken from one on, that included, and their rows. */
  take(from: number, count: number): Entries<number, ResourceRow> {
    return this.#rows.take(from, count)
  }
}

/** A whole number below 2^52. */
export function rowNumber({ id, nsId, type }: ResourceRow): number {
  const ofId = mix(0, id)
  const where = mix(mix(ofId, nsId), type) >>> (32 - WHERE_BITS)
  return (ofId >>> 0) * 2 ** WHERE_BITS + where
}

/** Stirs a text into 32 bits. */
function mix(start: number, text: string): number {
  let bits = start ^ text.length
  for (let at = 0; at < text.length; at += 1) {
    bits = Math.imul(bits ^ text.charCodeAt(at), ODD)
    bits ^= bits >>> 15
  }
  return Math.imul(bits ^ (bits >>> 13), ODD)
}
