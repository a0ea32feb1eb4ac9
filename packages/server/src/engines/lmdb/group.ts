/**
 * A group of commits that share one write to the disk. Each is decided in its turn, sees those
 * before it, and has its own revision; nothing is written before all are decided.
 *
 * @module
 */

import type { Content, KeyHead, Write } from '../../catalog/engine/decide.ts'
import type { LeaseBook } from '../../catalog/engine/lease-book.ts'
import type { Batch, KeyValue, Lease } from '../../catalog/engine.ts'
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
  readonly #writes: StoreWrite[] = []
  #logged: number

  constructor(context: GroupContext, from: StoredState) {
    this.#context = context
    this.#from = from
    this.revision = from.revision
    this.#logged = from.logged
  }

  /** Whether there is anything to write. */
  get isEmpty(): boolean {
    return this.#writes.length === 0
  }

  /** How much there is to write. */
  get writes(): number {
    return this.#writes.length
  }

  get(key: string): KeyValue | undefined {
    return this.#changed.has(key) ? this.#changed.get(key) : this.#context.content.get(key)
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
    const { store, content } = this.#context
    const changes = writes.map(({ change }) => change)
    const logged = encodeBatch(changes, this.#logged)
    this.revision += 1
    this.#logged += logged.length
    for (const write of writes) this.#addOne(write)
    this.#writes.push({ table: store.log, key: numberKey(this.revision), value: logged })
    this.batches.push({ revision: this.revision, changes })
    for (const { before, change } of writes) {
      const entry = change.kind === 'put' ? change.entry : undefined
      this.#attach(content.generation, before, entry)
    }
    return this.revision
  }

  grant(lease: Lease): void {
    const { store, content } = this.#context
    const key = leaseKey(content.generation, lease.id)
    this.#writes.push({ table: store.leases, key, value: numberKey(lease.ttlMs) })
    this.granted.set(lease.id, lease)
    this.ended.delete(lease.id)
  }

  /** Its keys were deleted before. */
  endLease(id: number): void {
    const { store, content } = this.#context
    const key = leaseKey(content.generation, id)
    this.#writes.push({ table: store.leases, key, value: undefined })
    this.granted.delete(id)
    this.ended.add(id)
  }

  /** The state after the group. */
  get state(): StoredState {
    return { ...this.#from, revision: this.revision, logged: this.#logged }
  }

  /** Everything, with the state last. */
  get all(): readonly StoreWrite[] {
    return [...this.#writes, this.#context.store.putState(this.state)]
  }

  #addOne({ change }: Write): void {
    const { store, content } = this.#context
    const isPut = change.kind === 'put'
    const key = isPut ? change.entry.key : change.key
    this.#changed.set(key, isPut ? change.entry : undefined)
    this.#writes.push({
      table: store.kv,
      key: entryKey(content.generation, key),
      value: isPut ? encodeEntry(change.entry) : undefined,
    })
  }

  /** Moves a key from the lease that it hung on to the one that it hangs on now. */
  #attach(generation: number, before: KeyHead | undefined, entry: KeyValue | undefined): void {
    const from = before?.lease ?? 0
    const to = entry?.lease ?? 0
    if (from === to) return
    const key = before?.key ?? entry?.key ?? ''
    const { leased } = this.#context.store
    const count = (lease: number, by: number) =>
      this.leaseKeyChanges.set(lease, (this.leaseKeyChanges.get(lease) ?? 0) + by)
    if (from !== 0) {
      this.#writes.push({ table: leased, key: leasedKey(generation, from, key), value: undefined })
      count(from, -1)
    }
    if (to !== 0) {
      this.#writes.push({ table: leased, key: leasedKey(generation, to, key), value: NOTHING })
      count(to, 1)
    }
  }
}
