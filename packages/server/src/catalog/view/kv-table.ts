import type { KeyValue } from '../engine.ts'
import { compareKeys } from '../key-order.ts'
import { FAMILY } from '../key-schema.ts'
import { OrderedMap } from '../ordered-map.ts'
import { ShardedMap } from '../sharded-map.ts'
import type { Reducer } from './reducer.ts'

/** The users' keys, found by name, in order, and by lease. Keys here have their family in front. */
export class KvTable implements Reducer {
  readonly family = FAMILY.kv
  readonly #entries = new ShardedMap<KeyValue>()
  readonly #order = new OrderedMap<string, undefined>(undefined, compareKeys)
  readonly #ofLease = new Map<number, Set<string>>()

  get size(): number {
    return this.#entries.size
  }

  get(stored: string): KeyValue | undefined {
    return this.#entries.get(stored)
  }

  put(entry: KeyValue): void {
    const before = this.#entries.get(entry.key)
    if (before) this.#unlink(before)
    else this.#order.set(entry.key, undefined)
    // The name that is there stays the only copy of it.
    const kept = before ? { ...entry, key: before.key } : entry
    this.#entries.set(kept.key, kept)
    if (kept.lease === 0) return
    const keys = this.#ofLease.get(kept.lease)
    if (keys) keys.add(kept.key)
    else this.#ofLease.set(kept.lease, new Set([kept.key]))
  }

  delete(key: string): void {
    const before = this.#entries.get(key)
    if (!before) return
    this.#unlink(before)
    this.#entries.delete(key)
    this.#order.delete(key)
  }

  /** In the order of the keys, from `from` on, `from` included. */
  *from(from: string): Generator<KeyValue, void, undefined> {
    for (const key of this.#order.keys(from)) yield this.#entries.get(key) as KeyValue
  }

  /** In no order. */
  ofLease(lease: number): Iterable<string> {
    return this.#ofLease.get(lease) ?? []
  }

  #unlink({ key, lease }: KeyValue): void {
    if (lease === 0) return
    const keys = this.#ofLease.get(lease)
    keys?.delete(key)
    if (keys?.size === 0) this.#ofLease.delete(lease)
  }
}
