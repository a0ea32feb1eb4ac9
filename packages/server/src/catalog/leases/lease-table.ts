import type { KeyValue } from '../engine.ts'
import { compareKeys } from '../key-order.ts'
import { FAMILY, parseLeaseKey } from '../key-schema.ts'
import { OrderedMap } from '../ordered-map.ts'
import type { Reducer } from '../view/reducer.ts'
import { readMeta, type LeaseMeta } from './lease-meta.ts'

type LeasePlace = Pick<LeaseMeta, 'name' | 'id'>

/** The leases, found by id and in order of name, then id, and the keys inside raftd's. */
export class LeaseTable implements Reducer {
  readonly family = FAMILY.lease
  readonly #metas = new Map<number, LeaseMeta>()
  readonly #order = new OrderedMap<LeasePlace, LeaseMeta>(undefined, compareLeases)
  readonly #inner = new Map<number, Map<string, KeyValue>>()

  get size(): number {
    return this.#metas.size
  }

  /** A raftd lease that had keys ended with the last of them, though its record lives on a little. */
  get(id: number): LeaseMeta | undefined {
    const meta = this.#metas.get(id)
    return meta && this.#isShown(meta) ? meta : undefined
  }

  put(entry: KeyValue): void {
    const key = parseLeaseKey(entry.key)
    if (key?.kind === 'meta') this.#putMeta(readMeta(key.id, entry))
    else if (key) {
      const keys = this.#inner.get(key.id)
      if (keys) keys.set(key.key, entry)
      else this.#inner.set(key.id, new Map([[key.key, entry]]))
    }
  }

  delete(stored: string): void {
    const key = parseLeaseKey(stored)
    if (key?.kind === 'meta') {
      const meta = this.#metas.get(key.id)
      if (meta) this.#order.delete(meta)
      this.#metas.delete(key.id)
    } else if (key) {
      const keys = this.#inner.get(key.id)
      keys?.delete(key.key)
      if (keys?.size === 0) this.#inner.delete(key.id)
    }
  }

  /** Those whose names begin with a prefix, by name, then id, from after a place on. */
  *named(namePrefix: string, after?: LeasePlace): Generator<LeaseMeta, void, undefined> {
    const from = after ? { name: after.name, id: after.id + 1 } : { name: namePrefix, id: 0 }
    for (const [{ name }, meta] of this.#order.entries(from)) {
      if (!name.startsWith(namePrefix)) return
      if (this.#isShown(meta)) yield meta
    }
  }

  /** The keys inside a raftd lease, as the engine holds them. */
  inner(id: number): ReadonlyMap<string, KeyValue> {
    return this.#inner.get(id) ?? NO_KEYS
  }

  #putMeta(meta: LeaseMeta): void {
    const before = this.#metas.get(meta.id)
    if (before) this.#order.delete(before)
    this.#metas.set(meta.id, meta)
    this.#order.set(meta, meta)
  }

  #isShown({ id, kind, state }: LeaseMeta): boolean {
    return kind === 'native' || state === 'CREATE' || this.#inner.has(id)
  }
}

const NO_KEYS: ReadonlyMap<string, KeyValue> = new Map()

function compareLeases(left: LeasePlace, right: LeasePlace): number {
  return compareKeys(left.name, right.name) || left.id - right.id
}
