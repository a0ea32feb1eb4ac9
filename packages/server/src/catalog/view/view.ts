import type { Batch } from '../engine.ts'
import { KvFeed, type RestartReason } from '../kv-feed.ts'
import { nodesBefore } from '../namespaces/nodes-before.ts'
import { NamespaceFeed } from '../namespaces/namespace-feed.ts'
import { unavailable } from '../refusals.ts'
import type { RevisionWaiters } from '../revision-waiters.ts'
import type { ViewTables } from './tables.ts'

/**
 * The whole catalog in this node's memory, as of one revision. What changes it is a batch of
 * the next revision, or another whole view in its place; both happen in one synchronous step,
 * and only then is told who listens and who waits.
 */
export class View {
  readonly feed = new KvFeed()
  readonly namespaceFeed = new NamespaceFeed()
  readonly #waiters: RevisionWaiters
  #tables: ViewTables | undefined
  #revision = 0

  constructor(waiters: RevisionWaiters) {
    this.#waiters = waiters
  }

  get isBuilt(): boolean {
    return this.#tables !== undefined
  }

  /** Of the last change that it holds, or the one at which it was read; 0: not built yet. */
  get revision(): number {
    return this.#revision
  }

  /** Throws `unavailable` before the first view is built. */
  get tables(): ViewTables {
    if (!this.#tables) throw unavailable('The catalog is still being read; try again in a moment.')
    return this.#tables
  }

  apply(batch: Batch): void {
    if (batch.revision <= this.#revision) return
    const { tables } = this
    const nodes = nodesBefore(batch, tables.namespaces)
    const rows = tables.apply(batch.changes)
    this.#revision = batch.revision
    this.feed.append(batch, tables.kv)
    this.namespaceFeed.append(batch.revision, { nodes, rows }, tables.namespaces)
    this.#waiters.reach(batch.revision)
  }

  /** Puts another view in place. `reason` tells those who followed the one before, if there was one. */
  replace(tables: ViewTables, revision: number, reason?: RestartReason): void {
    this.#tables = tables
    this.#revision = revision
    this.feed.restart(revision, reason)
    this.namespaceFeed.restart(revision, reason)
    this.#waiters.reach(revision)
  }
}
