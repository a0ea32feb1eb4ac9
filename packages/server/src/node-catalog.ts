/**
 * The catalog of a node: its engine, as the configuration says, and the plane above it.
 *
 * An engine that cannot be opened refuses the start of the node. From then on whatever happens to
 * it is the plane's to bear, and the instances do not notice; only a bug ends the node.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { invalidArgument } from '@rollcall/protocol'
import {
  start,
  untilAborted,
  type Clock,
  type Logger,
  type Random,
  type Running,
} from '@rollcall/runtime'
import { CatalogPlane, type CatalogMetrics, type Engine } from './catalog/index.ts'
import { gaugeCatalog } from './catalog-gauges.ts'
import type { Config } from './config/index.ts'
import { openEtcdEngine, type EtcdAccess } from './engines/etcd/index.ts'
import { openLmdbEngine } from './engines/lmdb/index.ts'
import { createMemoryEngine } from './engines/memory/index.ts'
import type { Readiness } from './http/readiness.ts'
import { catalogMetrics, type Metrics } from './telemetry/index.ts'

export interface NodeCatalogOptions {
  readonly config: Pick<
    Config,
    | 'id'
    | 'engine'
    | 'rootName'
    | 'etcd'
    | 'etcdPrefix'
    | 'etcdUser'
    | 'etcdCa'
    | 'etcdCert'
    | 'etcdKey'
  >
  /** The data folder of the node. */
  readonly folder: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: Metrics
  readonly readiness: Readiness
}

const PART = 'catalog'
const FOLDER = 'catalog'
const SPOOL = 'restore'

export class NodeCatalog implements AsyncDisposable {
  readonly catalog: CatalogPlane
  /** Says that clients are served from now on: until then nobody can renew a lease, so none ends. */
  readonly serve: () => void
  /** Rejects when a part of it fails, which is a bug. */
  readonly ended: Promise<void>
  readonly #engine: Engine & Partial<AsyncDisposable>
  readonly #engineRuns: Running
  readonly #planeRuns: Running
  readonly #looked: Promise<void>

  private constructor(engine: Engine & Partial<AsyncDisposable>, options: NodeCatalogOptions) {
    const { config, clock, random, log, metrics, readiness } = options
    let looked = () => {}
    this.#looked = new Promise((resolve) => {
      looked = () => {
        readiness.allow(PART)
        resolve()
      }
    })
    readiness.block(PART, 'it is being read')
    this.#engine = engine
    this.catalog = new CatalogPlane({
      node: config.id,
      rootName: config.rootName,
      engine,
      clock,
      random,
      log,
      metrics: tellingWhenLooked(catalogMetrics(metrics), looked),
      spoolFolder: join(options.folder, SPOOL),
    })
    gaugeCatalog(metrics, this.catalog)
    let serve = () => {}
    const served = new Promise<void>((resolve) => {
      serve = resolve
    })
    this.serve = serve
    this.#engineRuns = start({
      run: async (signal) => {
        await Promise.race([served, untilAborted(signal)])
        await engine.run(signal)
      },
    })
    this.#planeRuns = start(this.catalog)
    this.ended = Promise.race([this.#engineRuns.ended, this.#planeRuns.ended])
    // It may fail before anybody looks.
    this.ended.catch(() => {})
  }

  /** Opens the engine and starts both. Throws `unavailable` when the engine cannot be had. */
  static async open(options: NodeCatalogOptions): Promise<NodeCatalog> {
    const own = new NodeCatalog(await openEngine(options), options)
    await own.catalog.backups.tidy()
    return own
  }

  /** Resolves once it has been read, or was found to be out of order, or `signal` aborts. */
  async looked(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#looked, untilAborted(signal)])
  }

  /** Whoever waits for the catalog is told first; what was committed is on the disk after. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#planeRuns[Symbol.asyncDispose]()
    } finally {
      await this.#engineRuns[Symbol.asyncDispose]()
      await this.#engine[Symbol.asyncDispose]?.()
    }
  }
}

async function openEngine({ config, folder, clock, random, log, metrics }: NodeCatalogOptions) {
  const parts = { clock, random, log, reports: catalogMetrics(metrics) }
  if (config.etcd.length > 0) {
    const { id: node, etcdPrefix: prefix } = config
    return await openEtcdEngine({ ...parts, node, prefix, access: etcdAccess(config) })
  }
  return config.engine === 'memory'
    ? createMemoryEngine(parts)
    : await openLmdbEngine({ ...parts, folder: join(folder, FOLDER) })
}

/** Throws `invalid_argument` for what cannot be read or does not go together. */
function etcdAccess({
  etcd: endpoints,
  etcdUser,
  etcdCa,
  etcdCert,
  etcdKey,
}: NodeCatalogOptions['config']): EtcdAccess {
  if ((etcdCert === undefined) !== (etcdKey === undefined)) {
    throw invalidArgument('Of etcdCert and etcdKey only one is given; give both, or none.')
  }
  const [name = '', ...password] = etcdUser?.split(':') ?? []
  return {
    endpoints,
    tls: {
      ...(etcdCa !== undefined && { ca: readPem('etcdCa', etcdCa) }),
      ...(etcdCert !== undefined && { cert: readPem('etcdCert', etcdCert) }),
      ...(etcdKey !== undefined && { key: readPem('etcdKey', etcdKey) }),
    },
    ...(etcdUser !== undefined && { user: { name, password: password.join(':') } }),
  }
}

function readPem(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw invalidArgument(`The file of ${option}, "${path}", cannot be read (${code}).`)
  }
}

/** The first that happens after the start is one of these two. */
function tellingWhenLooked(metrics: CatalogMetrics, looked: () => void): CatalogMetrics {
  return {
    ...metrics,
    viewBuilt: (why, tookMs) => {
      metrics.viewBuilt(why, tookMs)
      looked()
    },
    watchBroke: (code) => {
      metrics.watchBroke(code)
      looked()
    },
  }
}
