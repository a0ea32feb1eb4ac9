/**
 * Takes away generations that do not count: what a restore replaced, and what one that was cut
 * off left behind.
 *
 * @module
 */

import type { Committer } from './committer.ts'
import { endOf, entryKey, generationOf } from './records.ts'
import type { Store, Table } from './store.ts'

const SLICE = 2_000
/** Every generation is less than this. */
const NO_GENERATION = Buffer.from([0xff, 0xff, 0xff, 0xff])

export class Sweeper {
  readonly #store: Store
  readonly #committer: Committer
  /** Whose content is being written and does not count yet. */
  #restoring: number | undefined
  #isNeeded = true
  /** Whether something is there to be swept. */
  #isPending: boolean

  constructor(store: Store, committer: Committer) {
    this.#store = store
    this.#committer = committer
    this.#isPending = this.#tables.some((table) => !isNone(this.#orphans(table)))
  }

  /** Whether there is content that does not count, and nobody is writing it. */
  get isPending(): boolean {
    return this.#isPending
  }

  /** Keeps a new generation from being swept until `end` is called; answers its number. */
  beginRestore(): number {
    this.#restoring = 1 + Math.max(this.#committer.state.generation, ...this.#tables.map(lastOf))
    return this.#restoring
  }

  /** Whatever does not count by now is swept. */
  endRestore(): void {
    this.#restoring = undefined
    this.#isNeeded = true
    this.#isPending = true
  }

  /** Sweeps all there is, slice by slice, until `signal` aborts. */
  async sweep(signal: AbortSignal): Promise<void> {
    if (!this.#isNeeded) return
    // What a restore leaves behind meanwhile is a reason to begin anew.
    this.#isNeeded = false
    try {
      for (const table of this.#tables) {
        while (!signal.aborted && (await this.#committer.alone(() => this.#sweepSlice(table))) > 0);
      }
      if (!this.#isNeeded && !signal.aborted) this.#isPending = false
    } catch (error) {
      this.#isNeeded = true
      throw error
    }
  }

  get #tables(): readonly Table[] {
    return [this.#store.kv, this.#store.leases, this.#store.leased]
  }

  /** Answers how many keys it removed. */
  async #sweepSlice(table: Table): Promise<number> {
    const keys = [...this.#orphans(table)]
    if (keys.length > 0) {
      await this.#committer.write(keys.map((key) => ({ table, key, value: undefined })))
    }
    return keys.length
  }

  /** Some keys on either side of the generations that are wanted. */
  *#orphans(table: Table): Iterable<Buffer> {
    const current = this.#committer.state.generation
    const last = Math.max(current, this.#restoring ?? 0)
    const gaps = [
      { start: entryKey(0, ''), end: entryKey(current, '') },
      { start: endOf(entryKey(current, '')), end: entryKey(last, '') },
      { start: endOf(entryKey(last, '')), end: NO_GENERATION },
    ]
    let left = SLICE
    for (const gap of gaps) {
      if (left <= 0 || Buffer.compare(gap.start, gap.end) >= 0) continue
      for (const key of table.getKeys({ ...gap, limit: left })) {
        left -= 1
        yield key
      }
    }
  }
}

function isNone(keys: Iterable<Buffer>): boolean {
  for (const _ of keys) return false
  return true
}

function lastOf(table: Table): number {
  for (const key of table.getKeys({ reverse: true, limit: 1 })) return generationOf(key)
  return 0
}
