import type { Actor } from '@rollcall/runtime'
import { BackupStore } from './backup/backups.ts'
import type {
  Catalog,
  CatalogStatus,
  ReadPoint,
  ReadQuery,
  Txn,
  TxnAnswer,
  WriteOptions,
} from './catalog.ts'
import { CatalogCore, type CatalogOptions } from './catalog-core.ts'
import { Elections } from './elections.ts'
import { IdempotentWrites } from './idempotency.ts'
import { KvStore } from './kv.ts'
import { KeyedLeaseStore } from './leases/keyed-leases.ts'
import { NativeLeaseStore } from './leases/native-leases.ts'
import type { NamespaceStore } from './namespaces/namespace-store.ts'
import type { Machines, Resources, ResourceTypes, Search } from './resource-catalog.ts'
import { createResourceParts } from './resource-parts.ts'
import { ResourceSearch } from './search/resource-search.ts'
import { TxnRunner } from './txn.ts'
import { ViewFollower } from './view/follower.ts'

/**
 * The catalog on one node: a view in memory that follows the engine, and the commits that the
 * faces ask for. Runs as an actor beside the engine's own; stop it before the engine.
 */
export class CatalogPlane implements Catalog, Actor {
  readonly kv: KvStore
  readonly leases: NativeLeaseStore
  readonly keyedLeases: KeyedLeaseStore
  readonly elections: Elections
  readonly namespaces: NamespaceStore
  readonly backups: BackupStore
  readonly resources: Resources
  readonly machines: Machines
  readonly types: ResourceTypes
  readonly search: Search
  readonly #core: CatalogCore
  readonly #idempotent: IdempotentWrites
  readonly #txns: TxnRunner

  constructor(options: CatalogOptions) {
    const core = new CatalogCore(options)
    const idempotent = new IdempotentWrites(core)
    this.#core = core
    this.#idempotent = idempotent
    this.kv = new KvStore(core, idempotent)
    this.leases = new NativeLeaseStore(core, idempotent)
    this.keyedLeases = new KeyedLeaseStore(core)
    this.elections = new Elections(core)
    this.backups = new BackupStore(core)
    const parts = createResourceParts(core, idempotent)
    this.namespaces = parts.namespaces
    this.resources = parts.resources
    this.machines = parts.machines
    this.types = parts.types
    this.search = new ResourceSearch(core).search
    this.#txns = new TxnRunner(core, idempotent)
  }

  /** Builds the view and keeps it true until `signal` aborts. Whoever waits then is told. */
  async run(signal: AbortSignal): Promise<void> {
    const { view, freshness, waiters, options } = this.#core
    const { engine } = options
    const look = () => {
      const { broken } = engine.status()
      if (broken === undefined) freshness.clear('engine')
      else freshness.report('engine', broken)
    }
    const stopLooking = engine.onStatus(look)
    look()
    try {
      await new ViewFollower({ ...options, view, freshness }).run(signal)
    } finally {
      stopLooking()
      waiters.stop()
      this.#core.stopping.abort()
      await this.#idempotent.settled()
      await this.backups.stop()
    }
  }

  txn(txn: Txn, options?: WriteOptions): Promise<TxnAnswer> {
    return this.#txns.run(txn, options)
  }

  readNow(): ReadPoint | undefined {
    return this.#core.readNow()
  }

  readable(query: ReadQuery): Promise<ReadPoint> {
    return this.#core.readable(query)
  }

  status(): CatalogStatus {
    const { view, freshness, newestRevision, options } = this.#core
    const { name, sizeBytes, quotaBytes, cluster } = options.engine.status()
    const staleMs = freshness.staleMs()
    return {
      engine: name,
      state: view.isBuilt ? (staleMs === undefined ? 'ok' : 'stale') : 'unavailable',
      reason: freshness.reason(),
      staleMs,
      revision: newestRevision,
      viewRevision: view.revision,
      sizeBytes,
      quotaBytes,
      cluster,
      keys: view.isBuilt ? view.tables.kv.size : 0,
      leases: view.isBuilt ? view.tables.leases.size : 0,
    }
  }
}
