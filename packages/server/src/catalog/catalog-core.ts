import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock, Logger, Random } from '@rollcall/runtime'
import type { ReadPoint, ReadQuery } from './catalog.ts'
import type { CatalogMetrics } from './catalog-metrics.ts'
import type { Commit, CommitResult, Engine } from './engine.ts'
import { READ_WAIT_MS, WRITE_WAIT_MS } from './limits.ts'
import { checkRevision, shuttingDown, unavailable } from './refusals.ts'
import { RevisionWaiters } from './revision-waiters.ts'
import { SharedQuestion } from './engine/shared-question.ts'
import { Freshness } from './view/freshness.ts'
import type { ViewTables } from './view/tables.ts'
import { View } from './view/view.ts'

export interface CatalogOptions {
  /** This node's id: requests with an Idempotency-Key are remembered under it. */
  readonly node: string
  readonly engine: Engine
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: CatalogMetrics
  /** How foreign protocols spell the root of the namespaces. */
  readonly rootName?: string | undefined
  /** Of this plane alone: where a backup lies while it is restored. */
  readonly spoolFolder: string
}

/** What every part of the plane stands on: commits that wait for the view, and reads of it. */
export class CatalogCore {
  readonly options: CatalogOptions
  readonly waiters: RevisionWaiters
  readonly view: View
  readonly freshness: Freshness
  /** Aborted when the plane stops: nobody pauses any longer. */
  readonly stopping = new AbortController()
  readonly #newestOfEngine: SharedQuestion<number>
  #newest = 0

  constructor(options: CatalogOptions) {
    this.options = options
    this.waiters = new RevisionWaiters(options.clock)
    this.view = new View(this.waiters)
    this.freshness = new Freshness(options.clock)
    this.#newestOfEngine = new SharedQuestion(() => options.engine.revision(), options.clock)
  }

  /** Throws `unavailable` before the first view is there. */
  get tables(): ViewTables {
    return this.view.tables
  }

  /** The newest revision that this node knows of. */
  get newestRevision(): number {
    return Math.max(this.#newest, this.view.revision)
  }

  /** Commits, and does not wait for the view. Nothing is written before the first view is there. */
  async commit(commit: Commit): Promise<CommitResult> {
    const { engine, clock, metrics } = this.options
    const startedMs = clock.monotonicMs()
    if (!this.view.isBuilt)
      throw unavailable('The catalog is still being read; try again in a moment.')
    try {
      const result = await engine.commit(commit)
      this.learn(result.revision)
      metrics.committed(clock.monotonicMs() - startedMs)
      return result
    } catch (error) {
      if (error instanceof RegistryError) metrics.refused(error.code)
      throw error
    }
  }

  /** Takes note of a revision that the engine has told. */
  learn(revision: number): void {
    if (revision > this.#newest) this.#newest = revision
  }

  /** Waits a second, or as long as is said, for the view to have a write; answers whether it still lacks it. */
  async isBehind(revision: number, waitMs = WRITE_WAIT_MS): Promise<boolean> {
    if (this.view.revision >= revision) return false
    const end = await this.waiters.wait(revision, waitMs)
    if (end !== 'reached') this.options.metrics.behind()
    return end !== 'reached'
  }

  /** See `Catalog.readNow`. */
  readNow(): ReadPoint | undefined {
    if (!this.view.isBuilt) return undefined
    return { revision: this.view.revision, staleMs: this.freshness.staleMs() }
  }

  /** See `Catalog.readable`. */
  async readable({ consistency = 'view', minRevision = 0 }: ReadQuery): Promise<ReadPoint> {
    checkRevision('minRevision', minRevision)
    let revision = minRevision
    const isLinearizable = consistency === 'linearizable'
    if (!this.view.isBuilt)
      throw unavailable('The catalog is still being read; try again in a moment.')
    if (isLinearizable) revision = Math.max(revision, await this.#engineRevision())
    if (this.view.revision < revision) await this.#reach(revision)
    const staleMs = isLinearizable ? undefined : this.freshness.staleMs()
    return { revision: this.view.revision, staleMs }
  }

  async #engineRevision(): Promise<number> {
    const revision = await this.#newestOfEngine.ask()
    this.learn(revision)
    return revision
  }

  async #reach(revision: number): Promise<void> {
    const end = await this.waiters.wait(revision, READ_WAIT_MS)
    if (end === 'reached') return
    if (end === 'stopped') throw shuttingDown()
    throw new RegistryError(
      'unavailable',
      `This node has not come to revision ${revision} in time; ask another, or try again.`,
      { details: { revision, viewRevision: this.view.revision } },
    )
  }
}
