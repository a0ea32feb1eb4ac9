import { ChangeRing, type RevisionChanges } from '../change-ring.ts'
import type { RestartReason } from '../kv-feed.ts'
import { PrefixListeners } from '../prefix-listeners.ts'
import type { NamespaceChanges } from '../resource-catalog.ts'
import type { NamespaceTable } from './namespace-table.ts'
import {
  bytesOfKept,
  keepChanges,
  linesOf,
  presentChange,
  type KeptChange,
  type TreeChanges,
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

  /** Takes what a revision changed; the tables have it already. */
  append(revision: number, changed: TreeChanges, namespaces: NamespaceTable): void {
    this.#revision = revision
    const changes = keepChanges(changed, namespaces)
    if (changes.length === 0) return
    this.#ring.append({ revision, changes })
    if (!this.#listeners.isEmpty) this.#tell({ revision, changes }, namespaces)
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

  /** `line`: the ids that lead to the namespace by now. */
  since(line: readonly string[], revision: number): readonly NamespaceChanges[] | undefined {
    if (revision > this.#revision) return undefined
    return this.#ring.since(revision)?.flatMap((changes) => changesAt(line, changes) ?? [])
  }

  /** One object for each namespace and revision: whoever encodes it may do so once for all listeners. */
  #tell(changes: RevisionChanges<KeptChange>, namespaces: NamespaceTable): void {
    for (const id of Array.from(this.#listeners.prefixes())) {
      const node = namespaces.get(id)
      const told = changesAt(node ? namespaces.place(node).line : [id], changes)
      if (told) this.#listeners.tell(id, told)
    }
  }
}

/** What concerns who listens at the end of a line; undefined when nothing does. */
function changesAt(
  line: readonly string[],
  { revision, changes }: RevisionChanges<KeptChange>,
): NamespaceChanges | undefined {
  const own = line.at(-1) ?? ''
  const heard = changes.filter(
    (kept) =>
      linesOf(kept).some((other) => other.includes(own)) ||
      // A move above it takes it along.
      (kept.kind === 'moved' && line.includes(kept.node.id)),
  )
  return heard.length === 0 ? undefined : { revision, changes: heard.map(presentChange) }
}
