import type { ResourceRow } from '../resources/resource-index.ts'
import { numbersBelow } from './lower-bound.ts'

/**
 * The rows that may be on a page: of all that were added, those with the first places. One more
 * is kept than is asked for, since that tells whether another page follows.
 */
export class Page {
  readonly #after: number
  readonly #limit: number
  /** In order. */
  readonly #places: number[] = []
  /** The one at each of the places. */
  readonly #rows: ResourceRow[] = []

  /** Rows after the place `after`. */
  constructor(after: number, limit: number) {
    this.#after = after
    this.#limit = limit
  }

  /** Where a walk in order has to begin. */
  get from(): number {
    return this.#after + 1
  }

  /** Those that may be on it. */
  get rows(): readonly ResourceRow[] {
    return this.#rows
  }

  /** Whether a row at this place has one on the page. If not, neither have those that follow. */
  takes(place: number): boolean {
    if (place <= this.#after) return false
    return place <= (this.#places[this.#limit] ?? Number.POSITIVE_INFINITY)
  }

  add(place: number, row: ResourceRow): void {
    if (!this.takes(place)) return
    const at = numbersBelow(this.#places, place)
    if (at === this.#places.length) {
      this.#places.push(place)
      this.#rows.push(row)
    } else if (this.#places[at] === place) {
      this.#rows[at] = row
    } else {
      this.#places.splice(at, 0, place)
      this.#rows.splice(at, 0, row)
    }
    if (this.#places.length <= this.#limit + 1) return
    this.#places.pop()
    this.#rows.pop()
  }

  /**
   * What is left of the rows, and the place after which the next page begins: also where this one
   * has lost some, since only those before the last one are known.
   */
  close(isHit: (place: number, row: ResourceRow) => boolean): {
    readonly rows: readonly ResourceRow[]
    readonly next: number | undefined
  } {
    const rows = this.#rows.filter((row, at) => isHit(this.#places[at] as number, row))
    if (rows.length <= this.#limit) return { rows, next: this.#places[this.#limit] }
    rows.pop()
    return { rows, next: this.#places[this.#limit - 1] }
  }
}
