/**
 * Keys in order, and which of them hang on which lease, in memory.
 *
 * @module
 */

import { createRequire } from 'node:module'
import type sortedBtree from 'sorted-btree'
import { compareKeys } from '../../catalog/key-order.ts'
import type { Content, KeyHead, Write } from '../../catalog/engine/decide.ts'
import type { KeyValue } from '../../catalog/engine.ts'

// It is CommonJS with a default export, which Node and bundlers unwrap differently.
const { default: Tree } = createRequire(import.meta.url)('sorted-btree') as typeof sortedBtree
type Tree = InstanceType<typeof Tree<string, KeyValue>>

export class MemoryContent implements Content {
  revision: number
  readonly #hasLease: (id: number) => boolean
  readonly #entries: Tree = new Tree<string, KeyValue>(undefined, compareKeys)
  readonly #leased = new Map<number, Set<string>>()

  constructor(revision: number, hasLease: (id: number) => boolean) {
    this.revision = revision
    this.#hasLease = hasLease
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): KeyValue | undefined {
    return this.#entries.get(key)
  }

  head(key: string): KeyHead | undefined {
    return this.#entries.get(key)
  }

  *below(prefix: string): Iterable<KeyValue> {
    for (const [key, entry] of this.#entries.entries(prefix)) {
      if (!key.startsWith(prefix)) return
      yield entry
    }
  }

  /** Entries below a prefix after a key. */
  *after(prefix: string, after: string): Iterable<KeyValue> {
    const from = compareKeys(after, prefix) > 0 ? after : prefix
    for (const [key, entry] of this.#entries.entries(from)) {
      if (!key.startsWith(prefix)) return
      if (key !== after) yield entry
    }
  }

  hasLease(id: number): boolean {
    return this.#hasLease(id)
  }

  leaseKeys(id: number): number {
    return this.#leased.get(id)?.size ?? 0
  }

  keysOf(lease: number): KeyHead[] {
    return Array.from(this.#leased.get(lease) ?? [], (key) => this.#entries.get(key)).filter(
      (entry) => entry !== undefined,
    )
  }

  /** Does what was decided; `revision` is the one that it was decided for. */
  apply(writes: readonly Write[], revision: number): void {
    for (const { before, change } of writes) {
      if (before && before.lease !== 0) this.#detach(before.lease, before.key)
      if (change.kind === 'put') this.set(change.entry)
      else this.#entries.delete(change.key)
    }
    this.revision = revision
  }

  /** Puts an entry where none was. */
  set(entry: KeyValue): void {
    this.#entries.set(entry.key, entry)
    if (entry.lease === 0) return
    const keys = this.#leased.get(entry.lease)
    if (keys) keys.add(entry.key)
    else this.#leased.set(entry.lease, new Set([entry.key]))
  }

  /** The entries as they are now, to be gone through any number of times; later changes leave them alone. */
  freeze(): () => Iterable<KeyValue> {
    const entries = this.#entries.clone()
    return () => entries.values()
  }

  #detach(lease: number, key: string): void {
    const keys = this.#leased.get(lease)
    keys?.delete(key)
    if (keys?.size === 0) this.#leased.delete(lease)
  }
}
