/**
 * What makes a node one of several: the replication of its instance plane, the channels that
 * it runs on, and what operators see of it.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol'
import { start, untilAborted, type Clock, type Logger, type Random } from '@rollcall/runtime'
import { gaugeCluster } from './cluster-gauges.ts'
import type { Config } from './config/index.ts'
import type { ClusterView } from './http/cluster-view.ts'
import { createPeerTransport, type PeerAcceptor, type WsPeerTransport } from './http/peers/index.ts'
import type { Readiness } from './http/readiness.ts'
import {
  ClusterStatusView,
  Replicator,
  type BootEnd,
  type InstancePlane,
  type PeerListener,
} from './instances/index.ts'
import { replicationMetrics, type Metrics } from './telemetry/index.ts'

export interface NodeClusterOptions {
  readonly config: Config
  readonly plane: InstancePlane
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: Metrics
  readonly readiness: Readiness
}

/** How long peers are given to hear that this node goes. */
const LEAVE_WITHIN_MS = 1_000
const PART = 'cluster'
const ALL_INTERFACES: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

export class NodeCluster {
  readonly view: ClusterView
  readonly #options: NodeClusterOptions
  readonly #replicator: Replicator
  readonly #transport: WsPeerTransport
  #address = ''
  #booted: (end: BootEnd) => void = () => {}
  #clash: (error: unknown) => void = () => {}

  constructor(options: NodeClusterOptions) {
    const { config, plane, log, metrics, readiness } = options
    this.#options = options
    let transport: WsPeerTransport | undefined
    this.#replicator = new Replicator({
      plane,
      transport: (listener) => (transport = this.#createTransport(listener)),
      seeds: config.peers,
      address: () => this.#address,
      metrics: replicationMetrics(metrics),
      log,
      onBooted: (end) => {
        this.#booted(end)
      },
      onState: ({ ready, reasons }) => {
        if (ready) readiness.allow(PART)
        else readiness.block(PART, reasons.join('; '))
      },
      onClash: (address) => {
        this.#clash(clash(config.id, address))
      },
    })
    if (!transport) throw new Error('the replication made no transport')
    this.#transport = transport
    this.view = new ClusterStatusView(this.#replicator)
    gaugeCluster(metrics, this.view)
    readiness.block(PART, this.#replicator.state.reasons.join('; '))
  }

  /** Lets other nodes in, on the node's own port. */
  get acceptor(): PeerAcceptor {
    return this.#transport.acceptor
  }

  /**
   * Dials the peers and learns from them what there is. `url`: where this node listens. Answers
   * how it ended, undefined when `signal` aborted before; rejects when another node of this id
   * runs. The plane must have its turns meanwhile.
   */
  async boot(url: string, signal: AbortSignal): Promise<BootEnd | undefined> {
    const { config, log } = this.#options
    this.#address = config.advertise ?? new URL(url).host
    if (config.advertise === undefined && ALL_INTERFACES.has(config.http.host)) {
      log.warn(
        { told: this.#address },
        'listening on all interfaces; tell others where this node is with --advertise',
      )
    }
    const end = await new Promise<BootEnd | undefined>((resolve, reject) => {
      this.#booted = resolve
      this.#clash = reject
      void untilAborted(signal).then(() => {
        resolve(undefined)
      })
      this.#replicator.start()
    })
    return end
  }

  /** Whether it hears fewer than half of the nodes. */
  get isIsolated(): boolean {
    return this.#replicator.isolated
  }

  /** Where peers, and clients that look for nodes, reach this one. */
  get url(): string {
    return `http://${this.#address}`
  }

  /** Keeps the channels open until `signal` aborts. Rejects when another node of this id turns up. */
  async run(signal: AbortSignal): Promise<void> {
    await using channels = start(this.#transport)
    await new Promise<void>((resolve, reject) => {
      this.#clash = reject
      void untilAborted(signal).then(resolve)
      channels.ended.then(resolve, reject)
    })
  }

  /** Tells the peers that this node goes, as far as they listen. */
  async leave(): Promise<void> {
    const { clock } = this.#options
    await new Promise<void>((resolve) => {
      const cancel = clock.after(LEAVE_WITHIN_MS, resolve)
      this.#replicator.leave(() => {
        cancel()
        resolve()
      })
    })
  }

  #createTransport(listener: PeerListener): WsPeerTransport {
    const { config, clock, random, log, metrics } = this.#options
    const reports = replicationMetrics(metrics)
    return createPeerTransport({
      listener,
      secret: config.clusterSecret,
      clock,
      random,
      log,
      metrics: {
        refused: (reason) => {
          reports.refused(reason)
        },
      },
    })
  }
}

function clash(id: string, address: string): RegistryError {
  const message = `Another node named "${id}" runs at ${address}, and was there first; give this one another name with --id.`
  return new RegistryError('unavailable', message, { details: { id, address } })
}
