/**
 * Writes down what happens in a simulated cluster: after everything that a process did, what it
 * now shows and how it is; now and then, whom it thinks home.
 *
 * @module
 */

import type { InstanceMetrics } from '../src/instances/instance-metrics.ts'
import { effectiveStatus, isLive } from '../src/instances/record.ts'
import type { PeerMessage } from '../src/instances/replication/messages.ts'
import type { ReplicationMetrics } from '../src/instances/replication/replication-metrics.ts'
import type { EventQueue } from '../src/testing/simulation/event-queue.ts'
import type { Links } from '../src/testing/simulation/links.ts'
import { History, type Traffic } from './cluster-history.ts'
import { noNodeMetrics, type ClusterNode, type NodeProcess } from './cluster-node.ts'
import { notePaths } from './cluster-paths.ts'

const SAMPLE_MS = 500

export class ClusterRecorder {
  readonly history = new History()
  readonly #queue: EventQueue
  readonly #links: Links
  readonly #nodes: ReadonlyMap<string, ClusterNode>
  /** Nodes in which something visible changed since they were looked at. */
  readonly #dirty = new Set<string>()

  constructor(queue: EventQueue, links: Links, nodes: ReadonlyMap<string, ClusterNode>) {
    this.#queue = queue
    this.#links = links
    this.#nodes = nodes
  }

  /** What a node's process reports to. */
  metricsOf(name: string): InstanceMetrics & ReplicationMetrics {
    return {
      ...noNodeMetrics,
      changed: () => {
        this.#dirty.add(name)
      },
      claimed: () => {
        this.#traffic.claims += 1
      },
      hidden: () => {
        this.#traffic.hides += 1
      },
      evicted: () => {
        this.#traffic.evictions += 1
      },
      forwarded: (count) => {
        this.#traffic.forwarded += count
      },
    }
  }

  /** A node was made. */
  follow(name: string): void {
    this.#noteCondition(name)
    this.#sampleLater(name)
  }

  /** Something happened in a node's process. */
  observe(name: string): void {
    const wasReady = this.history.condition(name).last?.isReady
    this.#noteCondition(name)
    if (this.history.condition(name).last?.isReady !== wasReady) this.notePaths()
    if (!this.#dirty.delete(name)) return
    for (const [key, { views }] of this.history.keys) {
      const entry = this.entry(name, key)
      const view = entry?.isShown() === true ? entry : undefined
      views.get(name)?.set(
        this.#queue.nowMs,
        view && {
          gen: view.record.life.gen.at,
          cver: view.record.content.cver.at,
          version: view.record.content.version,
          status: effectiveStatus(view.record),
          held: view.heldSinceMs > 0,
        },
      )
    }
  }

  /** A process died, stands still or began: nothing in it tells. */
  observeEnd(name: string): void {
    const { nowMs } = this.#queue
    this.#noteCondition(name)
    this.notePaths()
    const isDead = this.#process(name)?.sim.isDead ?? true
    if (!isDead) return
    for (const { views } of this.history.keys.values()) views.get(name)?.set(nowMs, undefined)
  }

  notePaths(): void {
    notePaths(this.history, this.#links, this.#queue.nowMs)
  }

  /** Something was handed to the network. */
  count(message: PeerMessage): void {
    const inner = message.kind === 'relay' ? message.message : message
    if (inner.kind === 'batch') {
      this.#traffic.batches += 1
      this.#traffic.records += inner.records.length
    } else if (inner.kind !== 'ack' && inner.kind !== 'forward' && inner.kind !== 'forward-ack') {
      this.#traffic.syncMessages += 1
    }
  }

  fault(what: string): void {
    this.history.faults.push({ atMs: this.#queue.nowMs, what })
  }

  /** What a node holds under a key. */
  entry(node: string, key: string) {
    const [service = '', id = ''] = key.split(' ')
    const core = this.#process(node)?.plane.core
    return core?.table.find({ env: 'default', service, zone: 'z1', id })
  }

  get #traffic(): Traffic {
    return this.history.traffic(this.#queue.nowMs)
  }

  #process(name: string): NodeProcess | undefined {
    return this.#nodes.get(name)?.process
  }

  #noteCondition(name: string): void {
    const process = this.#process(name)
    const isUp = process !== undefined && !process.sim.isDead
    this.history.condition(name).set(this.#queue.nowMs, {
      isUp,
      isStalled: isUp && process.sim.isStalled,
      isReady: isUp && !process.isStopping && process.replicator.state.ready,
      isIsolated: isUp && process.replicator.isolated,
    })
  }

  #sampleLater(name: string): void {
    this.#queue.after(SAMPLE_MS, () => {
      if (this.#process(name)?.sim.isRunning === true) this.#sample(name)
      this.#sampleLater(name)
    })
  }

  #sample(name: string): void {
    for (const [key, { homes }] of this.history.keys) {
      const record = this.entry(name, key)?.record
      const home = record && isLive(record) ? record.life.home : undefined
      homes.get(name)?.set(this.#queue.nowMs, home && `${home.node}#${home.inc}`)
    }
  }
}
