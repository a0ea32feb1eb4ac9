/**
 * What changed among the users' keys: to those who listen, and to those who come back.
 *
 * @module
 */

import type { KvChanges, KvListener } from './catalog.ts'
import { ChangeRing, type RevisionChanges } from './change-ring.ts'
import type { Batch, KeyValue } from './engine.ts'
import { KV_PREFIX, kvKey, userKey } from './key-schema.ts'
import { PrefixListeners } from './prefix-listeners.ts'
import { presentHeld, type HeldKey, type KvTable } from './view/kv-table.ts'

/** A key as it was put, which the view holds as well for as long as it is so, or the name of one that is gone. */
type KeptChange = HeldKey | string

export type RestartReason = 'restored' | 'compacted'

export class KvFeed {
  readonly #ring = new ChangeRing<KeptChange>(bytesOf)
  readonly #listeners = new PrefixListeners<KvChanges>()
  readonly #restarts = new Set<{ readonly listener: (reason: RestartReason) => void }>()
  #revision = 0

  /** Takes what a revision changed; the table has it already. */
  append({ revision, changes }: Batch, kv: KvTable): void {
    this.#revision = revision
    const kept: KeptChange[] = []
    for (const change of changes) {
      const isPut = change.kind === 'put'
      const key = isPut ? change.entry.key : change.key
      if (key.startsWith(KV_PREFIX)) kept.push((isPut ? kv.get(key) : undefined) ?? key)
    }
    if (kept.length === 0) return
    this.#ring.append({ revision, changes: kept })
    if (!this.#listeners.isEmpty) this.#tell({ revision, changes: kept })
  }

  /** The view was built anew at a revision. Without a reason nobody has seen another before. */
  restart(revision: number, reason?: RestartReason): void {
    this.#revision = revision
    this.#ring.restart(revision)
    if (reason === undefined) return
    for (const { listener } of Array.from(this.#restarts)) listener(reason)
  }

  subscribe(prefix: string, listener: KvListener): () => void {
    return this.#listeners.add(kvKey(prefix), listener)
  }

  onRestart(listener: (reason: RestartReason) => void): () => void {
    const own = { listener }
    this.#restarts.add(own)
    return () => {
      this.#restarts.delete(own)
    }
  }

  since(prefix: string, revision: number): readonly KvChanges[] | undefined {
    if (revision > this.#revision) return undefined
    const stored = kvKey(prefix)
    return this.#ring.since(revision)?.flatMap((changes) => {
      const below = changesBelow(stored, changes)
      return below ? [below] : []
    })
  }

  /** One object for each prefix and revision: whoever encodes it may do so once for all listeners. */
  #tell(changes: RevisionChanges<KeptChange>): void {
    const prefixes = new Set<string>()
    for (const change of changes.changes) {
      for (const prefix of this.#listeners.prefixesOf(keyOf(change))) prefixes.add(prefix)
    }
    for (const prefix of prefixes) {
      const below = changesBelow(prefix, changes)
      if (below) this.#listeners.tell(prefix, below)
    }
  }
}

/** An entry of the engine as users see it. */
export function presentEntry(entry: KeyValue): KeyValue {
  const { key, value, createRevision, modRevision, lease } = entry
  return { key: userKey(key), value, createRevision, modRevision, lease }
}

function changesBelow(stored: string, changes: RevisionChanges<KeptChange>): KvChanges | undefined {
  const puts: KeyValue[] = []
  const deletes: string[] = []
  for (const change of changes.changes) {
    if (!keyOf(change).startsWith(stored)) continue
    if (typeof change === 'string') deletes.push(userKey(change))
    else puts.push(presentHeld(change))
  }
  if (puts.length === 0 && deletes.length === 0) return undefined
  return { revision: changes.revision, puts, deletes }
}

function keyOf(change: KeptChange): string {
  return typeof change === 'string' ? change : change.key
}

function bytesOf(change: KeptChange): number {
  return typeof change === 'string' ? change.length : change.key.length + change.value.length
}
