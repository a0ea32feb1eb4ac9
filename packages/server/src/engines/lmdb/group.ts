/**
 * A group of commits that share one write to the disk. Each is decided in its turn, sees those
 * before it, and has its own revision; nothing is written before all are decided.
 *
 * @module
 */

import type { Content, KeyHead, Write } from '../../catalog/engine/decide.ts'
import type { LeaseBook } from '../../catalog/engine/lease-book.ts'
import type { Batch, Change, KeyValue, Lease } from '../../catalog/engine.ts'
import type { StoredContent } from './content.ts'
import {
  encodeBatch,
  encodeEntry,
  entryKey,
  leasedKey,
  leaseKey,
  NOTHING,
  numberKey,
} from './records.ts'
import type { StoredState } from './state.ts'
import type { Store, StoreWrite } from './store.ts'

export interface GroupContext {
  readonly store: Store
  readonly content: StoredContent
  readonly book: LeaseBook
}

/** A key that is put on a lease, or taken off. */
interface Attached {
  readonly lease: number
  readonly key: string
  readonly isOn: boolean
}

export class Group implements Content {
  revision: number
  /** A job failed when it had added something already: a bug. */
  spoilt: { readonly error: unknown } | undefined
  readonly batches: Batch[] = []
  readonly granted = new Map<number, Lease>()
  readonly ended = new Set<number>()
  /** By how many the keys on a lease change. */
  readonly leaseKeyChanges = new Map<number, number>()
  readonly #context: GroupContext
  readonly #from: StoredState
  /** What the file holds below some prefixes. */
  readonly #known = new Map<string, readonly KeyHead[]>()
  /** Entries that differ from the file; undefined: deleted. */
  readonly #changed = new Map<string, KeyValue | undefined>()
  /** What hangs on a lease from now on, or no longer, in turn. */
  readonly #attached: Attached[] = []
  /** Leases that were granted, with their ttl, or ended. */
  readonly #leases = new Map<number, number | undefined>()
  #writes = 0
  #logged: number

  constructor(context: GroupContext, from: StoredState) {
    this.#context = context
    this.#from = from
    this.revision = from.revision
    this.#logged = from.logged
  }

  /** Whether there is anything to write. */
  get isEmpty(): boolean {
    return this.#writes === 0
  }

  /** How much there is to write, but for the log and the state. */
  get writes(): number {
    return this.#writes
  }

  get(key: string): KeyValue | undefined {
    return this.#changed.has(key) ? this.#changed.get(key) : this.#context.content.get(key)
  }

  head(key: string): KeyHead | undefined {
    return this.#changed.has(key) ? this.#changed.get(key) : this.#context.content.head(key)
  }

  /** Takes note of what the file holds below a prefix. */
  knows(prefix: string, heads: readonly KeyHead[]): void {
    this.#known.set(prefix, heads)
  }

  *below(prefix: string): Iterable<KeyHead> {
    for (const head of this.#known.get(prefix) ?? this.#context.content.below(prefix)) {
      if (!this.#changed.has(head.key)) yield head
    }
    for (const [key, entry] of this.#changed) if (entry && key.startsWith(prefix)) yield entry
  }

  hasLease(id: number): boolean {
    return this.granted.has(id) || (this.#context.book.has(id) && !this.ended.has(id))
  }

  leaseKeys(id: number): number {
    return this.#context.content.leaseKeys(id) + (this.leaseKeyChanges.get(id) ?? 0)
  }

  *keysOf(lease: number): Iterable<KeyHead> {
    for (const head of this.#context.content.keysOf(lease)) {
      if (!this.#changed.has(head.key)) yield head
    }
    for (const entry of this.#changed.values()) if (entry?.lease === lease) yield entry
  }

  /** Takes what was decided into the group; answers the revision. */
  add(writes: readonly Write[]): number {
    if (writes.length === 0) return this.revision
    this.revision += 1
    const changes: Change[] = []
    for (const { before, change } of writes) {
      const isPut = change.kind === 'put'
      this.#changed.set(isPut ? change.entry.key : change.key, isPut ? change.entry : undefined)
      this.#attach(before, isPut ? change.entry : undefined)
      changes.push(change)
    }
    this.#writes += changes.length
    this.batches.push({ revision: this.revision, changes })
    return this.revision
  }

  grant(lease: Lease): void {
    this.#writes += 1
    this.#leases.set(lease.id, lease.ttlMs)
    this.granted.set(lease.id, lease)
    this.ended.delete(lease.id)
  }

  /** Its keys were deleted before. */
  endLease(id: number): void {
    this.#writes += 1
    this.#leases.set(id, undefined)
    this.granted.delete(id)
    this.ended.add(id)
  }

  /** The state after the group, once it is encoded. */
  get state(): StoredState {
    return { ...this.#from, revision: this.revision, logged: this.#logged }
  }

  /** Everything that there is to write, with the state last; after all is decided, and once. */
  *encode(): Generator<StoreWrite, void, undefined> {
    const { store, content } = this.#context
    const { generation } = content
    for (const { revision, changes } of this.batches) {
      for (const change of changes) yield kvWrite(store, generation, change)
      const value = encodeBatch(changes, this.#logged)
      this.#logged += value.length
      yield { table: store.log, key: numberKey(revision), value }
    }
    for (const { lease, key, isOn } of this.#attached) {
      const value = isOn ? NOTHING : undefined
      yield { table: store.leased, key: leasedKey(generation, lease, key), value }
    }
    for (const [id, ttlMs] of this.#leases) {
      const value = ttlMs === undefined ? undefined : numberKey(ttlMs)
      yield { table: store.leases, key: leaseKey(generation, id), value }
    }
    yield store.putState(this.state)
  }

  /** Moves a key from the lease that it hung on to the one that it hangs on now. */
  #attach(before: KeyHead | undefined, entry: KeyValue | undefined): void {
    const from = before?.lease ?? 0
    const to = entry?.lease ?? 0
    if (from === to) return
    const key = before?.key ?? entry?.key ?? ''
    if (from !== 0) this.#hang({ lease: from, key, isOn: false })
    if (to !== 0) this.#hang({ lease: to, key, isOn: true })
  }

  #hang(attached: Attached): void {
    const { lease, isOn } = attached
    this.#writes += 1
    this.#attached.push(attached)
    this.leaseKeyChanges.set(lease, (this.leaseKeyChanges.get(lease) ?? 0) + (isOn ? 1 : -1))
  }
}

function kvWrite(store: Store, generation: number, change: Change): StoreWrite {
  const isPut = change.kind === 'put'
  return {
    table: store.kv,
    key: entryKey(generation, isPut ? change.entry.key : change.key),
    value: isPut ? encodeEntry(change.entry) : undefined,
  }
}
