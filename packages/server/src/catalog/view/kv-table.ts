import type { KeyValue } from '../engine.ts'
import { compareKeys } from '../key-order.ts'
import { FAMILY, userKey } from '../key-schema.ts'
import { OrderedMap } from '../ordered-map.ts'
import { ShardedMap } from '../sharded-map.ts'
import { packValue, unpackValue, type PackedValue } from './packed-value.ts'
import type { Reducer } from './reducer.ts'

/** Halves of characters, and what text orders after them and bytes before. */
const ABOVE_PLAIN = /[\ud800-\uffff]/

/** A key as it is kept: its family in front, its value packed. */
export interface HeldKey {
  readonly key: string
  readonly value: PackedValue
  readonly createRevision: number
  readonly modRevision: number
  readonly lease: number
}

/** A kept key as users see it. */
export function presentHeld(held: HeldKey): KeyValue {
  const { key, value, createRevision, modRevision, lease } = held
  return { key: userKey(key), value: unpackValue(value), createRevision, modRevision, lease }
}

/** The users' keys, found by name, in order, and by lease. Keys here have their family in front. */
export class KvTable implements Reducer {
  readonly family = FAMILY.kv
  readonly #entries = new ShardedMap<HeldKey>()
  /** No key has come yet in which text and bytes may be ordered differently: JavaScript's own comparison will do, three times as fast. */
  #isPlain = true
  readonly #order = new OrderedMap<string, undefined>(undefined, (left, right) =>
    this.#compare(left, right),
  )
  /** Deleted, and still in the order. */
  #gone: string[] = []
  readonly #ofLease = new Map<number, Set<string>>()

  get size(): number {
    return this.#entries.size
  }

  get(stored: string): HeldKey | undefined {
    return this.#entries.get(stored)
  }

  put(entry: KeyValue): void {
    const before = this.#entries.get(entry.key)
    if (before) this.#unlink(before)
    else {
      if (this.#isPlain && ABOVE_PLAIN.test(entry.key)) this.#isPlain = false
      this.#order.set(entry.key, undefined)
    }
    // The name that is there stays the only copy of it.
    const key = before?.key ?? entry.key
    const { createRevision, modRevision, lease } = entry
    const value = packValue(entry.value)
    this.#entries.set(key, { key, value, createRevision, modRevision, lease })
    if (lease === 0) return
    const keys = this.#ofLease.get(lease)
    if (keys) keys.add(key)
    else this.#ofLease.set(lease, new Set([key]))
  }

  delete(key: string): void {
    const before = this.#entries.take(key)
    if (!before) return
    this.#unlink(before)
    this.#gone.push(before.key)
  }

  settle(): void {
    if (this.#gone.length === 0) return
    this.#order.deleteKeys(this.#gone)
    this.#gone = []
  }

  /** In the order of the keys, from `from` on, `from` included. */
  *from(from: string): Generator<HeldKey, void, undefined> {
    for (const key of this.#order.keys(from)) yield this.#entries.get(key) as HeldKey
  }

  /** In no order. */
  ofLease(lease: number): Iterable<string> {
    return this.#ofLease.get(lease) ?? []
  }

  #compare(left: string, right: string): number {
    return this.#isPlain ? compareText(left, right) : compareKeys(left, right)
  }

  #unlink({ key, lease }: HeldKey): void {
    if (lease === 0) return
    const keys = this.#ofLease.get(lease)
    keys?.delete(key)
    if (keys?.size === 0) this.#ofLease.delete(lease)
  }
}

function compareText(left: string, right: string): number {
  if (left < right) return -1
  return left === right ? 0 : 1
}
