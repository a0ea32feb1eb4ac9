/**
 * What is committed, as it lies in the file: one generation of it.
 *
 * @module
 */

import type { KeyHead } from '../../catalog/engine/decide.ts'
import type { KeyValue, Lease, RangeQuery } from '../../catalog/engine.ts'
import {
  after,
  decodeEntry,
  decodeHead,
  endOf,
  entryKey,
  idOfLease,
  keyOfEntry,
  keyOfLeased,
  leaseKey,
  readNumber,
} from './records.ts'
import type { ReadTransaction, Store } from './store.ts'

export interface Generation {
  readonly generation: number
  /** The revision at which it began. */
  readonly base: number
}

export class StoredContent {
  readonly generation: number
  readonly #store: Store
  readonly #base: number
  /** How many keys hang on a lease, for those that were asked for. */
  readonly #leaseKeys = new Map<number, number>()

  constructor(store: Store, { generation, base }: Generation) {
    this.#store = store
    this.generation = generation
    this.#base = base
  }

  get(key: string): KeyValue | undefined {
    const bytes = this.#store.kv.getBinary(entryKey(this.generation, key))
    return bytes && decodeEntry(key, bytes, this.#base)
  }

  /** Values are not copied: a large one costs no more than a small one. */
  head(key: string): KeyHead | undefined {
    const bytes = this.#store.kv.getBinaryFast(entryKey(this.generation, key))
    return bytes && decodeHead(key, bytes, this.#base)
  }

  *below(prefix: string, afterKey?: string): Iterable<KeyHead> {
    const first = entryKey(this.generation, prefix)
    const start = afterKey === undefined ? first : after(entryKey(this.generation, afterKey))
    for (const bytes of this.#store.kv.getKeys({ start, end: endOf(first) })) {
      const head = this.head(keyOfEntry(bytes))
      if (head) yield head
    }
  }

  *range({ prefix, after: afterKey }: Omit<RangeQuery, 'limit'>): Iterable<KeyValue> {
    yield* this.#entries(prefix, afterKey)
  }

  /** All entries of a stable state after a key, at most `limit`. */
  page(transaction: ReadTransaction, afterKey: string | undefined, limit: number) {
    return this.#entries('', afterKey, { transaction, limit })
  }

  *leases(): Iterable<Lease> {
    const start = entryKey(this.generation, '')
    for (const { key, value } of this.#store.leases.getRange({ start, end: endOf(start) })) {
      yield { id: idOfLease(key), ttlMs: readNumber(value, 0) }
    }
  }

  *keysOf(lease: number): Iterable<KeyHead> {
    const start = leaseKey(this.generation, lease)
    for (const bytes of this.#store.leased.getKeys({ start, end: endOf(start) })) {
      const head = this.head(keyOfLeased(bytes))
      if (head) yield head
    }
  }

  leaseKeys(lease: number): number {
    const known = this.#leaseKeys.get(lease)
    if (known !== undefined) return known
    const start = leaseKey(this.generation, lease)
    const keys = this.#store.leased.getKeysCount({ start, end: endOf(start) })
    this.#leaseKeys.set(lease, keys)
    return keys
  }

  /** Keeps the count of a lease's keys right after a commit. */
  addLeaseKeys(lease: number, by: number): void {
    const known = this.#leaseKeys.get(lease)
    if (known !== undefined) this.#leaseKeys.set(lease, known + by)
  }

  forgetLease(lease: number): void {
    this.#leaseKeys.delete(lease)
  }

  *#entries(
    prefix: string,
    afterKey: string | undefined,
    options: { readonly transaction?: ReadTransaction; readonly limit?: number } = {},
  ): Iterable<KeyValue> {
    const first = entryKey(this.generation, prefix)
    const next = afterKey === undefined ? first : after(entryKey(this.generation, afterKey))
    const start = Buffer.compare(first, next) < 0 ? next : first
    const range = this.#store.kv.getRange({ start, end: endOf(first), ...options })
    for (const { key, value } of range) yield decodeEntry(keyOfEntry(key), value, this.#base)
  }
}
