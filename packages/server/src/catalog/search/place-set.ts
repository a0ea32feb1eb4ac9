import { CHUNK_MAX } from './chunked-map.ts'
import { numbersBelow } from './lower-bound.ts'

/**
 * The places of the rows that have one value in common, in order, so that a page begins anywhere
 * without a look at what comes before. Numbers and nothing else: rows that change keep theirs.
 */
export class PlaceSet {
  readonly #chunks: number[][] = [[]]
  /** Between each chunk and the next: its places are below, those of the next are not. */
  readonly #bounds: number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(place: number): void {
    const index = this.#indexOf(place)
    const chunk = this.#chunkAt(index)
    const at = numbersBelow(chunk, place)
    if (chunk[at] === place) return
    chunk.splice(at, 0, place)
    this.#size += 1
    if (chunk.length <= CHUNK_MAX) return
    const next = chunk.splice(chunk.length >> 1)
    this.#chunks.splice(index + 1, 0, next)
    this.#bounds.splice(index, 0, next[0] as number)
  }

  delete(place: number): void {
    const index = this.#indexOf(place)
    const chunk = this.#chunkAt(index)
    const at = numbersBelow(chunk, place)
    if (chunk[at] !== place) return
    chunk.splice(at, 1)
    this.#size -= 1
    const next = this.#chunks[index + 1]
    if (next === undefined || chunk.length + next.length > CHUNK_MAX / 2) return
    chunk.push(...next)
    this.#chunks.splice(index + 1, 1)
    this.#bounds.splice(index, 1)
  }

  /** The first `count` places from one on, that included. */
  take(from: number, count: number): number[] {
    const taken: number[] = []
    let index = this.#indexOf(from)
    let skipped = numbersBelow(this.#chunkAt(index), from)
    for (; index < this.#chunks.length && taken.length < count; index += 1) {
      taken.push(...this.#chunkAt(index).slice(skipped, skipped + count - taken.length))
      skipped = 0
    }
    return taken
  }

  /** Of the chunk in which a place is, or belongs. Places are whole numbers. */
  #indexOf(place: number): number {
    return numbersBelow(this.#bounds, place + 1)
  }

  #chunkAt(index: number): number[] {
    return this.#chunks[index] as number[]
  }
}
