import { ChangeRing, type RevisionChanges } from '../change-ring.ts'
import type { Batch } from '../engine.ts'
import type { RestartReason } from '../kv-feed.ts'
import { PrefixListeners } from '../prefix-listeners.ts'
import type { NamespaceChanges } from '../resource-catalog.ts'
import type { ViewTables } from '../view/tables.ts'
import type { BatchBefore } from './batch-before.ts'
import {
  bytesOfKept,
  keepChanges,
  linesOf,
  presentChange,
  type KeptChange,
} from './kept-changes.ts'

type Listener = (changes: NamespaceChanges) => void

/**
 * What changes in the tree: to those who listen at a namespace, and to those who come back.
 * Namespaces are meant by id here, so that a rename leads nobody astray.
 */
export class NamespaceFeed {
  readonly #ring = new ChangeRing<KeptChange>(bytesOfKept)
  readonly #listeners = new PrefixListeners<NamespaceChanges>()
  readonly #restarts = new Set<{ readonly listener: (reason: RestartReason) => void }>()
  #revision = 0

  /** Takes what a revision changed; the tables have it already. `before`: what it took away. */
  append(batch: Batch, before: BatchBefore | undefined, tables: ViewTables): void {
    const { revision } = batch
    this.#revision = revision
    const changes = before ? keepChanges(batch, before, tables) : []
    if (changes.length === 0) return
    this.#ring.append({ revision, changes })
    if (!this.#listeners.isEmpty) this.#tell({ revision, changes })
  }

  /** The view was built anew at a revision. Without a reason nobody has seen another before. */
  restart(revision: number, reason?: RestartReason): void {
    this.#revision = revision
    this.#ring.restart(revision)
    if (reason === undefined) return
    for (const { listener } of Array.from(this.#restarts)) listener(reason)
  }

  subscribe(id: string, listener: Listener): () => void {
    return this.#listeners.add(id, listener)
  }

  onRestart(listener: (reason: RestartReason) => void): () => void {
    const own = { listener }
    this.#restarts.add(own)
    return () => {
      this.#restarts.delete(own)
    }
  }

  since(id: string, revision: number): readonly NamespaceChanges[] | undefined {
    if (revision > this.#revision) return undefined
    return this.#ring.since(revision)?.flatMap((changes) => changesAt(id, changes) ?? [])
  }

  /** One object for each namespace and revision: whoever encodes it may do so once for all listeners. */
  #tell(changes: RevisionChanges<KeptChange>): void {
    const ids = new Set(changes.changes.flatMap((kept) => linesOf(kept).flat()))
    for (const id of ids) {
      const told = this.#listeners.has(id) ? changesAt(id, changes) : undefined
      if (told) this.#listeners.tell(id, told)
    }
  }
}

/** Those at or below a namespace; undefined when there are none. */
function changesAt(
  id: string,
  { revision, changes }: RevisionChanges<KeptChange>,
): NamespaceChanges | undefined {
  const below = changes.filter((kept) => linesOf(kept).some((line) => line.includes(id)))
  if (below.length === 0) return undefined
  return { revision, changes: below.map(presentChange) }
}
