import type { Placed } from './row-order.ts'

/**
 * The rows that may be on a page: of all that were added, those with the first places. One more
 * is kept than is asked for, since that tells whether another page follows.
 */
export class Page {
  readonly #after: number
  readonly #limit: number
  readonly #candidates: Placed[] = []

  /** Rows after the place `after`. */
  constructor(after: number, limit: number) {
    this.#after = after
    this.#limit = limit
  }

  /** Where a walk in order has to begin. */
  get from(): number {
    return this.#after + 1
  }

  /** Whether a row at this place has one on the page. If not, neither have those that follow. */
  takes(place: number): boolean {
    if (place <= this.#after) return false
    return place <= (this.#candidates[this.#limit]?.place ?? Number.POSITIVE_INFINITY)
  }

  get candidates(): readonly Placed[] {
    return this.#candidates
  }

  add(candidate: Placed): void {
    if (!this.takes(candidate.place)) return
    const at = this.#find(candidate.place)
    const isKnown = this.#candidates[at]?.place === candidate.place
    this.#candidates.splice(at, isKnown ? 1 : 0, candidate)
    if (this.#candidates.length > this.#limit + 1) this.#candidates.pop()
  }

  /**
   * What is left of the candidates, and the place after which the next page begins: also where
   * this one has lost some, since only those before the last candidate are known.
   */
  close(isHit: (candidate: Placed) => boolean): {
    readonly hits: readonly Placed[]
    readonly next: number | undefined
  } {
    const isFull = this.#candidates.length > this.#limit
    const upTo = isFull ? this.#candidates[this.#limit]?.place : undefined
    const hits = this.#candidates.filter(isHit)
    if (hits.length > this.#limit) {
      const page = hits.slice(0, this.#limit)
      return { hits: page, next: page.at(-1)?.place }
    }
    return { hits, next: upTo }
  }

  #find(place: number): number {
    let low = 0
    let high = this.#candidates.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#candidates[middle]?.place ?? place) < place) low = middle + 1
      else high = middle
    }
    return low
  }
}
