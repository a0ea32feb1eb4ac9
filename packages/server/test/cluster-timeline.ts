/**
 * A value over time, and walks over several of them.
 *
 * @module
 */

/** What something was from each time on. Times only grow. */
export class Timeline<T> {
  readonly times: number[] = []
  readonly #values: T[] = []
  readonly #isSame: (left: T, right: T) => boolean

  constructor(isSame: (left: T, right: T) => boolean = Object.is) {
    this.#isSame = isSame
  }

  /** Notes what it is from now on. */
  set(atMs: number, value: T): void {
    const last = this.times.length - 1
    if (last >= 0 && this.#isSame(this.#values[last] as T, value)) return
    if (this.times[last] === atMs) {
      this.#values[last] = value
      return
    }
    this.times.push(atMs)
    this.#values.push(value)
  }

  /** What it was at a time; undefined before anything was noted. */
  at(ms: number): T | undefined {
    return this.#values[this.#index(ms)]
  }

  get last(): T | undefined {
    return this.#values.at(-1)
  }

  /** Since when it has been without a break as `is` asks, seen from a time; undefined when it is not so. */
  since(ms: number, is: (value: T) => boolean): number | undefined {
    let at = this.#index(ms)
    let since: number | undefined
    for (; at >= 0 && is(this.#values[at] as T); at -= 1) since = this.times[at]
    return since
  }

  /** Whether it was so at every moment from `fromMs` to `toMs`. */
  always(fromMs: number, toMs: number, is: (value: T) => boolean): boolean {
    const sinceMs = this.since(toMs, is)
    return sinceMs !== undefined && sinceMs <= fromMs
  }

  /** The values with the times from which they held. */
  *entries(): Iterable<readonly [number, T]> {
    for (const [at, ms] of this.times.entries()) yield [ms, this.#values[at] as T]
  }

  #index(ms: number): number {
    let low = 0
    let high = this.times.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.times[middle] as number) <= ms) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

/** All times at which any of these changed, in order, each once. */
export function changeTimes(...lists: readonly (readonly number[])[]): number[] {
  return [...new Set(lists.flat())].sort((left, right) => left - right)
}
