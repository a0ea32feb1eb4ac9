/**
 * A list that keeps its items in order, in chunks: a search is two binary searches, an insertion
 * moves at most a chunk. A tree of more levels would pay off above ten million items.
 *
 * @module
 */

const CHUNK_MAX = 512
/** Two neighbours that hold fewer become one, so that deletes leave no long tail of small ones. */
const MERGE_BELOW = 256

/** The items differ by `compare`: what compares as 0 is the same item. */
export class SortedList<T> {
  readonly #compare: (left: T, right: T) => number
  readonly #chunks: T[][] = []
  #size = 0

  constructor(compare: (left: T, right: T) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#size
  }

  first(): T | undefined {
    return this.#chunks[0]?.[0]
  }

  /** Adds an item that is not there yet; answers whether it was not. */
  add(item: T): boolean {
    const last = this.#chunks.at(-1)
    if (!last || this.#isAfterAll(last, item)) {
      // In ascending order, as when the whole is read in, chunks fill up.
      if (last && last.length < CHUNK_MAX) last.push(item)
      else this.#chunks.push([item])
      this.#size += 1
      return true
    }
    const at = this.#chunkFor(item)
    const chunk = this.#chunks[at] as T[]
    const place = this.#lowerBound(chunk, item)
    if (this.#isAt(chunk, place, item)) return false
    chunk.splice(place, 0, item)
    if (chunk.length > CHUNK_MAX) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_MAX / 2))
    this.#size += 1
    return true
  }

  /** Answers whether the item was there. */
  delete(item: T): boolean {
    if (this.#size === 0) return false
    const at = this.#chunkFor(item)
    const chunk = this.#chunks[at] as T[]
    const place = this.#lowerBound(chunk, item)
    if (!this.#isAt(chunk, place, item)) return false
    chunk.splice(place, 1)
    this.#size -= 1
    this.#mergeAt(at)
    return true
  }

  /** The items from `from` on (all, without it), `from` included. Nothing may change meanwhile. */
  *from(from?: T): Generator<T, void, undefined> {
    if (this.#size === 0) return
    let at = from === undefined ? 0 : this.#chunkFor(from)
    let place = from === undefined ? 0 : this.#lowerBound(this.#chunks[at] as T[], from)
    for (; at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at] as T[]
      for (; place < chunk.length; place += 1) yield chunk[place] as T
      place = 0
    }
  }

  #isAfterAll(last: T[], item: T): boolean {
    return this.#compare(last.at(-1) as T, item) < 0
  }

  #isAt(chunk: T[], place: number, item: T): boolean {
    return place < chunk.length && this.#compare(chunk[place] as T, item) === 0
  }

  /** The last chunk that begins at or before the item; the first when none does. */
  #chunkFor(item: T): number {
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      const [first] = this.#chunks[middle] as T[]
      if (this.#compare(first as T, item) <= 0) low = middle
      else high = middle - 1
    }
    return low
  }

  #lowerBound(chunk: T[], item: T): number {
    let low = 0
    let high = chunk.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(chunk[middle] as T, item) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #mergeAt(at: number): void {
    const chunk = this.#chunks[at] as T[]
    const next = this.#chunks[at + 1]
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    else if (next && chunk.length + next.length < MERGE_BELOW) {
      this.#chunks.splice(at, 2, chunk.concat(next))
    }
  }
}
