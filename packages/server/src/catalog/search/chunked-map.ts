import { countOfFirst } from './lower-bound.ts'

/** Most entries of a chunk. */
export const CHUNK_MAX = 128

/** Entries in the order of their keys. */
export interface Entries<Key, Value> {
  readonly keys: Key[]
  readonly values: Value[]
}

/** How many keys of a sorted list are below one. */
export type CountBelow<Key> = (sorted: readonly Key[], key: Key) => number

/**
 * A map in the order of its keys, of one level of chunks. It is made for what an index does most:
 * in one descent it finds a key, or the gap where it belongs.
 */
export class ChunkedMap<Key, Value> {
  readonly #countBelow: CountBelow<Key>
  readonly #chunks: Entries<Key, Value>[] = [{ keys: [], values: [] }]
  /** Between each chunk and the next: its keys are below, those of the next are not. */
  readonly #bounds: Key[] = []
  #size = 0

  constructor(countBelow: CountBelow<Key>) {
    this.#countBelow = countBelow
  }

  get size(): number {
    return this.#size
  }

  get(key: Key): Value | undefined {
    const { keys, values } = this.#chunkAt(this.#indexOf(key))
    const at = this.#countBelow(keys, key)
    return keys[at] === key ? values[at] : undefined
  }

  /** Answers what the key has: `value` if it was not there. */
  getOrAdd(key: Key, value: Value): Value {
    const index = this.#indexOf(key)
    const { keys, values } = this.#chunkAt(index)
    const at = this.#countBelow(keys, key)
    if (keys[at] === key) return values[at] as Value
    keys.splice(at, 0, key)
    values.splice(at, 0, value)
    this.#size += 1
    if (keys.length > CHUNK_MAX) this.#split(index)
    return value
  }

  /** Gives a key that is there another value. */
  replace(key: Key, value: Value): void {
    const { keys, values } = this.#chunkAt(this.#indexOf(key))
    const at = this.#countBelow(keys, key)
    if (keys[at] === key) values[at] = value
  }

  delete(key: Key): void {
    const index = this.#indexOf(key)
    const { keys, values } = this.#chunkAt(index)
    const at = this.#countBelow(keys, key)
    if (keys[at] !== key) return
    keys.splice(at, 1)
    values.splice(at, 1)
    this.#size -= 1
    if (keys.length <= CHUNK_MAX / 4) this.#join(index)
  }

  /** The first `count` entries from a key on, that included. */
  take(from: Key, count: number): Entries<Key, Value> {
    const taken: Entries<Key, Value> = { keys: [], values: [] }
    let index = this.#indexOf(from)
    let skipped = this.#countBelow(this.#chunkAt(index).keys, from)
    for (; index < this.#chunks.length && taken.keys.length < count; index += 1) {
      const { keys, values } = this.#chunkAt(index)
      const end = skipped + count - taken.keys.length
      taken.keys.push(...keys.slice(skipped, end))
      taken.values.push(...values.slice(skipped, end))
      skipped = 0
    }
    return taken
  }

  /** How many keys from one on hold, where only the first of them do. Looks at a few of them. */
  countWhile(from: Key, holds: (key: Key) => boolean): number {
    const index = this.#indexOf(from)
    const last = index + countOfFirst(this.#bounds, holds, index)
    let count = -this.#countBelow(this.#chunkAt(index).keys, from)
    for (let at = index; at < last; at += 1) count += this.#chunkAt(at).keys.length
    const { keys } = this.#chunkAt(last)
    const skipped = last === index ? -count : 0
    return count + skipped + countOfFirst(keys, holds, skipped)
  }

  /** Of the chunk in which a key is, or belongs. */
  #indexOf(key: Key): number {
    const below = this.#countBelow(this.#bounds, key)
    return this.#bounds[below] === key ? below + 1 : below
  }

  #chunkAt(index: number): Entries<Key, Value> {
    return this.#chunks[index] as Entries<Key, Value>
  }

  #split(index: number): void {
    const { keys, values } = this.#chunkAt(index)
    const half = keys.length >> 1
    const next = { keys: keys.splice(half), values: values.splice(half) }
    this.#chunks.splice(index + 1, 0, next)
    this.#bounds.splice(index, 0, next.keys[0] as Key)
  }

  /** Joins a chunk with the one that follows it, if both together are small. */
  #join(index: number): void {
    const { keys, values } = this.#chunkAt(index)
    const next = this.#chunks[index + 1]
    if (next === undefined || keys.length + next.keys.length > CHUNK_MAX / 2) return
    keys.push(...next.keys)
    values.push(...next.values)
    this.#chunks.splice(index + 1, 1)
    this.#bounds.splice(index, 1)
  }
}
