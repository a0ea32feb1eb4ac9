/**
 * What the churn did and what came back.
 *
 * @module
 */

const SURPRISES_KEPT = 20

export class Tally {
  readonly #counts = new Map<string, number>()
  readonly #surprises: string[] = []
  #surpriseCount = 0

  /** How often each thing was done. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  /** Answers that nobody expected; the first of them word for word. */
  get surprises(): { readonly count: number; readonly first: readonly string[] } {
    return { count: this.#surpriseCount, first: this.#surprises }
  }

  count(what: string, times: number = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times)
  }

  surprise(text: string): void {
    this.#surpriseCount += 1
    if (this.#surprises.length < SURPRISES_KEPT) this.#surprises.push(text)
  }
}
