/**
 * In which order each of some watchers received numbered changes.
 *
 * @module
 */

export class ArrivalOrder {
  readonly #changes: number
  /** The changes of each watcher, one after the other, each plus 1; 0: nothing yet. */
  readonly #arrived: Uint32Array
  readonly #counts: Uint32Array

  constructor(watchers: number, changes: number) {
    this.#changes = changes
    this.#arrived = new Uint32Array(watchers * changes)
    this.#counts = new Uint32Array(watchers)
  }

  /** Notes that a watcher received a change. What comes more often than it should is left out. */
  note(watcher: number, change: number): void {
    const count = this.#counts[watcher] ?? 0
    if (count >= this.#changes) return
    this.#arrived[watcher * this.#changes + count] = change + 1
    this.#counts[watcher] = count + 1
  }

  /** How many changes came to a watcher after one of a later revision. */
  outOfOrder(revisionOf: Float64Array): number {
    let wrong = 0
    this.#counts.forEach((count, watcher) => {
      let last = 0
      const first = watcher * this.#changes
      for (const change of this.#arrived.subarray(first, first + count)) {
        const revision = revisionOf[change - 1] ?? Number.NaN
        if (revision < last) wrong += 1
        last = revision
      }
    })
    return wrong
  }
}
