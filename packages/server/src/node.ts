/**
 * A registry node: builds everything once, and runs it as one actor.
 *
 *      requests ──▶ http/app ─┬─▶ native/ ──┐            ┌─ warm-start/ ⇄ <data>/instances.ndjson
 *                             ├─▶ watch/  ──┼─▶ instances/ ─▶ change feed ─▶ watchers, long polls
 *                             └─▶ root/     │      ▲   ▲
 *                             │             │      │   └── clock: a tick every 250 ms
 *                             │             │      bridges/  which machines are there
 *                             │             │      ▼   │
 *                             │             ╰─▶ catalog/ ⇄ engines/ ⇄ <data>/catalog
 *      readiness ◀── this file ──▶ waiters         │
 *      peers ⇄ http/peers ⇄ replication ───────────┘
 *
 * Start: the catalog's engine first, since a folder that is not its own, or torn, refuses the
 * start; its view is read while the rest begins. Then the port, so that a taken one is told
 * before instances are loaded, and probes and peers are answered meanwhile; then what peers
 * know, or, where none is, what was known before; then the node itself; then ready. Only from
 * then on leases end, and machines are missed, since before nobody could renew them.
 *
 * Stop, within ten seconds: readiness fails so that balancers look away; who waits is told
 * to go elsewhere; peers are told; the port closes once the answers under way are out; only
 * then is the table written, since nothing changes it any more; then the catalog's plane stops,
 * and its engine closes; the data folder is let go last.
 *
 * @module
 */

import { join } from 'node:path'
import {
  start,
  untilAborted,
  type Actor,
  type Clock,
  type Logger,
  type Random,
} from '@rollcall/runtime'
import type { FastifyInstance } from 'fastify'
import { MachinePresence } from './bridges/index.ts'
import type { Config } from './config/index.ts'
import { DataFolder } from './data-folder.ts'
import { createApp, type AppOptions } from './http/app.ts'
import { TrafficPlanFile } from './http/bilibili/index.ts'
import { listen, unlisten } from './http/listener.ts'
import { Readiness } from './http/readiness.ts'
import { Waiters } from './http/waiters.ts'
import { InstancePlane, WarmStart } from './instances/index.ts'
import { NodeCatalog } from './node-catalog.ts'
import { NodeCluster } from './node-cluster.ts'
import { gaugeInstances } from './node-gauges.ts'
import { assertSafeToListen, createAuthorize, mayAdmitPeers } from './security/index.ts'
import { createMetrics, instanceMetrics, type Metrics } from './telemetry/index.ts'
import { serverVersion } from './version.ts'

export interface NodeOptions {
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Told once, when the node answers, where it does. */
  readonly onReady?: (url: string) => void
}

/** What is still being answered after this is cut off. */
const CLOSE_WITHIN_MS = 3_000
/** Longest that the last write of the table may take; with the above it keeps to ten seconds. */
const WRITE_WITHIN_MS = 5_500

export class RegistryNode implements Actor {
  readonly #options: NodeOptions
  readonly #readiness = new Readiness()
  readonly #waiters: Waiters

  /** Throws `invalid_argument` where it would not be safe to listen. */
  constructor(options: NodeOptions) {
    assertSafeToListen(options.config)
    this.#options = options
    this.#waiters = new Waiters(options.config.limits.watchersMax)
    this.#readiness.block('instances', 'what was known before is being loaded')
  }

  /** Runs until `signal` aborts. Rejects when it cannot start, or when a part of it fails. */
  async run(signal: AbortSignal): Promise<void> {
    const { config, clock } = this.#options
    await using folder = await DataFolder.open(config.data)
    const metrics = createMetrics()
    await using _metrics = atEnd(async () => {
      metrics.close()
    })
    await using catalog = await this.#openCatalog(folder.path, metrics)
    const instances = this.#createPlane(metrics)
    const cluster = this.#createCluster(instances, metrics)
    const planFile = this.#createPlanFile(folder.path)
    const app = await this.#createApp({
      instances,
      metrics,
      trafficPlans: planFile.plans,
      cluster: cluster.view,
      catalog: catalog.catalog,
      peers: mayAdmitPeers(config) ? cluster.acceptor : undefined,
    })
    await using _port = atEnd(() => unlisten(app, clock, CLOSE_WITHIN_MS))
    const url = await listen(app, config.http)
    const warmStart = this.#createWarmStart({ folder: folder.path, instances, metrics })
    await warmStart.read(signal)
    await planFile.look()
    if (signal.aborted) return
    await using planning = start(planFile)
    await using keeping = start(warmStart)
    await using ticking = start(instances)
    await using channels = start(cluster)
    const parts = [planning, keeping, ticking, channels, catalog]
    const failed = Promise.race(parts.map(({ ended }) => ended))
    const caughtUp = this.#catchUp({ cluster, warmStart, catalog, url }, signal)
    if (!(await Promise.race([caughtUp, failed]))) return
    // Declared last, so it ends first: nothing may change the table while it is written.
    await using _serving = atEnd(() => this.#leave(app, cluster))
    this.#serve(instances, { url, known: cluster.url })
    catalog.serve()
    const presence = this.#createPresence({ instances, catalog, cluster })
    metrics.machinesHeldBack.collect(() => presence.heldBack)
    await using following = start(presence)
    await Promise.race([untilAborted(signal), failed, following.ended])
  }

  /** Learns what there is from peers, or from the disk where there are none. Answers whether to go on. */
  async #catchUp(
    { cluster, warmStart, catalog, url }: CatchingUp,
    signal: AbortSignal,
  ): Promise<boolean> {
    const end = await cluster.boot(url, signal)
    if (end === 'peers') warmStart.discard()
    else if (end === 'alone') await warmStart.fill(signal)
    await catalog.looked(signal)
    return end !== undefined && !signal.aborted
  }

  #openCatalog(folder: string, metrics: Metrics): Promise<NodeCatalog> {
    const { config, clock, random, log } = this.#options
    const readiness = this.#readiness
    return NodeCatalog.open({ config, folder, clock, random, log, metrics, readiness })
  }

  #serve(instances: InstancePlane, { url, known }: { url: string; known: string }): void {
    const { config, log, onReady } = this.#options
    instances.registerSelf({ addresses: [known], version: serverVersion() })
    this.#readiness.allow('instances')
    log.info({ url, node: config.id }, 'ready')
    onReady?.(url)
  }

  async #leave(app: FastifyInstance, cluster: NodeCluster): Promise<void> {
    const { clock, log } = this.#options
    this.#readiness.block('node', 'it is stopping')
    this.#waiters.drain()
    await cluster.leave()
    await unlisten(app, clock, CLOSE_WITHIN_MS)
    log.info({}, 'stopped serving')
  }

  #createCluster(plane: InstancePlane, metrics: Metrics): NodeCluster {
    const { config, clock, random, log } = this.#options
    const readiness = this.#readiness
    return new NodeCluster({ config, plane, clock, random, log, metrics, readiness })
  }

  #createWarmStart({ folder, instances, metrics }: WarmStartParts): WarmStart {
    const { clock, random, log } = this.#options
    return new WarmStart({
      folder,
      plane: instances,
      clock,
      random,
      log,
      stopWithinMs: WRITE_WITHIN_MS,
      onWrite: (outcome, bytes) => {
        metrics.warmStartWrites[outcome].inc()
        if (outcome === 'written') metrics.warmStartBytes.set(bytes)
      },
    })
  }

  #createPlane(metrics: Metrics): InstancePlane {
    const { config, clock, random, log } = this.#options
    const instances = new InstancePlane({
      node: config.id,
      env: config.env,
      zone: config.zone,
      clock,
      random,
      log,
      metrics: instanceMetrics(metrics),
      limits: config.limits,
    })
    gaugeInstances(metrics, instances)
    return instances
  }

  #createPresence({ instances, catalog, cluster }: PresenceParts): MachinePresence {
    const { config, clock, log } = this.#options
    const { presence, register, deadAfterMs, removeAfterMs, reportTtlMs } = config.machines
    return new MachinePresence({
      instances,
      catalog: catalog.catalog,
      isHearing: () => this.#readiness.isReady && !cluster.isIsolated,
      settings: {
        presence,
        register,
        deadAfterMs,
        removeAfterMs: removeAfterMs === 0 ? undefined : removeAfterMs,
        graceMs: reportTtlMs,
      },
      clock,
      log,
    })
  }

  #createPlanFile(folder: string): TrafficPlanFile {
    const { clock, log } = this.#options
    return new TrafficPlanFile({ path: join(folder, 'scheduler.json'), clock, log })
  }

  #createApp(
    parts: Pick<
      AppOptions,
      'instances' | 'metrics' | 'trafficPlans' | 'cluster' | 'catalog' | 'peers'
    >,
  ) {
    const { config, clock, log } = this.#options
    return createApp({
      node: config.id,
      version: serverVersion(),
      authorize: createAuthorize(config.token),
      readiness: this.#readiness,
      waiters: this.#waiters,
      limits: config.limits,
      reportTtlMs: config.machines.reportTtlMs,
      clock,
      log,
      ...parts,
    })
  }
}

interface CatchingUp {
  readonly cluster: NodeCluster
  readonly warmStart: WarmStart
  readonly catalog: NodeCatalog
  readonly url: string
}

interface PresenceParts {
  readonly instances: InstancePlane
  readonly catalog: NodeCatalog
  readonly cluster: NodeCluster
}

interface WarmStartParts {
  readonly folder: string
  readonly instances: InstancePlane
  readonly metrics: Metrics
}

function atEnd(act: () => Promise<void>): AsyncDisposable {
  return { [Symbol.asyncDispose]: act }
}
