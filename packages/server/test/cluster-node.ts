/**
 * A node of the simulated cluster: a machine with a clock and a disk, and the processes that
 * run on it one after the other. A process is the production plane and replication, on
 * simulated time and network.
 *
 * @module
 */

import { hasCode } from '@rollcall/protocol/errors'
import { seededRandom, silentLog } from '@rollcall/runtime'
import { TICK_MS } from '../src/instances/constants.ts'
import { keyOf } from '../src/instances/digest.ts'
import { InstancePlane } from '../src/instances/index.ts'
import { noMetrics, type InstanceMetrics } from '../src/instances/instance-metrics.ts'
import type { StoredInstance } from '../src/instances/load.ts'
import {
  noReplicationMetrics,
  type ReplicationMetrics,
} from '../src/instances/replication/replication-metrics.ts'
import { find } from '../src/instances/find.ts'
import { Replicator } from '../src/instances/replication/replicator.ts'
import type { SimNetwork } from '../src/testing/simulation/sim-network.ts'
import { SimProcess } from '../src/testing/simulation/sim-process.ts'
import type { EventQueue } from '../src/testing/simulation/event-queue.ts'
import { DISCOVERY_SERVICE } from '../src/model/vocabulary.ts'
import type { Answer, Request } from './cluster-client.ts'

export const EPOCH_MS = 1_700_000_000_000
const CANCEL_WAIT_MS = 200

/** What is left on a machine when its process ends. */
export interface Disk {
  readonly instances: readonly StoredInstance[]
  /** The stamp that the node's clock had reached. */
  readonly clock: number
}

export interface NodeOptions {
  readonly name: string
  readonly queue: EventQueue
  readonly network: SimNetwork
  readonly seed: number
  readonly ttlMs: number
  readonly tombstonesMax?: number
  readonly metrics: InstanceMetrics & ReplicationMetrics
  /** Called after everything that happened in its process. */
  readonly onDone: () => void
  readonly onLoaded: (instances: readonly StoredInstance[]) => void
}

export const noNodeMetrics: InstanceMetrics & ReplicationMetrics = {
  ...noMetrics,
  ...noReplicationMetrics,
}

export function addressOf(name: string): string {
  return `${name.toLowerCase()}.test:7400`
}

/** The machine. */
export class ClusterNode {
  readonly name: string
  readonly options: NodeOptions
  /** How far its wall clock is from the right time. */
  skewMs = 0
  disk: Disk | undefined
  process: NodeProcess | undefined
  #starts = 0

  constructor(options: NodeOptions) {
    this.options = options
    this.name = options.name
  }

  /** Starts a process; `seeds` are addresses of others. */
  start(seeds: readonly string[], withDisk: boolean): void {
    this.#starts += 1
    const seed = this.options.seed * 1_000 + this.#starts
    const disk = withDisk ? this.disk : undefined
    this.process = new NodeProcess(this, { seeds, seed, disk })
    this.process.start()
  }

  wallMs(): number {
    return EPOCH_MS + this.options.queue.nowMs + this.skewMs
  }

  /** Writes what warm start would keep: what is shown, but for the registry's own. */
  save(): void {
    const core = this.process?.plane.core
    if (!core) return
    const instances: StoredInstance[] = []
    for (const entry of core.table.entries()) {
      const isKept = entry.isShown() && entry.service.name !== DISCOVERY_SERVICE
      if (isKept) instances.push({ key: keyOf(entry), record: entry.record })
    }
    this.disk = { instances, clock: core.stamps.last }
  }
}

/** What becomes of a request. */
export interface Reactions {
  /** It was done; the answer may come later. */
  readonly accepted: () => void
  readonly respond: (answer: Answer) => void
}

interface ProcessOptions {
  readonly seeds: readonly string[]
  readonly seed: number
  readonly disk: Disk | undefined
}

export class NodeProcess {
  readonly sim: SimProcess
  readonly plane: InstancePlane
  readonly replicator: Replicator
  readonly #node: ClusterNode
  readonly #disk: Disk | undefined
  /** Set while it stops: it takes no more requests. */
  isStopping = false
  wasAlone = false
  #hasBooted = false

  constructor(node: ClusterNode, { seeds, seed, disk }: ProcessOptions) {
    const { queue, network, metrics, onDone, ttlMs, tombstonesMax = 10_000 } = node.options
    const random = seededRandom(seed)
    this.#node = node
    this.#disk = disk
    this.sim = new SimProcess({ queue, random, wallMs: () => node.wallMs(), onDone })
    this.plane = new InstancePlane({
      node: node.name,
      env: 'default',
      zone: 'z1',
      clock: this.sim.clock,
      random,
      log: silentLog,
      metrics,
      limits: {
        instancesMax: 1_000_000,
        tombstonesMax,
        changeRingSize: 200,
        defaultTtlMs: ttlMs,
      },
    })
    if (disk) this.plane.core.startAfter(disk.clock)
    const { name } = node
    const address = addressOf(name)
    this.replicator = new Replicator({
      plane: this.plane,
      transport: (listener) => {
        return network.attach({ node: name, address, process: this.sim }, listener)
      },
      seeds,
      address: () => address,
      metrics,
      log: silentLog,
      onBooted: (end) => {
        this.#booted(end)
      },
      onState: () => {},
      onClash: () => {
        throw new Error(`node ${name} thinks that another has its id`)
      },
    })
  }

  start(): void {
    this.replicator.start()
    this.#tickLater()
  }

  /** Does what a client or an operator asks for, as a face of the node would. */
  handle(request: Request, { accepted, respond }: Reactions): void {
    if (this.isStopping || !this.replicator.state.ready) {
      respond({ status: 'unavailable' })
      return
    }
    try {
      respondTo(this, request, { accepted, respond })
    } catch (error) {
      if (hasCode(error, 'instance_not_found')) {
        // With a session it is remembered that this life has ended, though nothing was there.
        if (request.op === 'cancel' && request.session !== undefined) accepted()
        respond({ status: 'not_found' })
      } else if (hasCode(error, 'invalid_argument')) respond({ status: 'invalid' })
      else if (hasCode(error, 'superseded')) {
        const { session } = error.details
        respond({ status: 'superseded', session: Number(session) })
      } else throw error
    }
  }

  /** Answers a cancel when a peer has it, or after a while. */
  answerLater(request: Request, respond: () => void): void {
    let isAnswered = false
    const answer = () => {
      if (isAnswered) return
      isAnswered = true
      forget()
      stop()
      respond()
    }
    const stop = this.sim.clock.after(CANCEL_WAIT_MS, answer)
    let forget = () => {}
    const entry = find(this.plane.core, request.ref)
    if (entry) forget = this.replicator.whenShipped(entry, answer)
    else answer()
  }

  #booted(end: 'peers' | 'alone'): void {
    // After a long stall the table is still there.
    if (end === 'alone' && !this.#hasBooted) {
      this.wasAlone = true
      const instances = this.#disk?.instances ?? []
      this.plane.load(instances)
      this.#node.options.onLoaded(instances)
    }
    this.#hasBooted = true
    this.plane.registerSelf({ addresses: [`http://${addressOf(this.#node.name)}`] })
  }

  #tickLater(): void {
    this.sim.clock.after(TICK_MS, () => {
      this.plane.tick()
      this.#tickLater()
    })
  }
}

function respondTo(process: NodeProcess, request: Request, { accepted, respond }: Reactions): void {
  const { plane } = process
  const { ref, session } = request
  switch (request.op) {
    case 'register': {
      const { version, ttlMs } = request
      const facts = { addresses: ['http://10.0.0.1:80'], version, ttlMs }
      const { instance } = plane.register({ ref, facts, session })
      const { life, content } = instance.record
      accepted()
      respond({ status: 'ok', home: life.home.node, content: content.cver.at })
      break
    }
    case 'renew': {
      const { home } = plane.renew(ref, { session, content: request.content })
      accepted()
      respond({ status: 'ok', home })
      break
    }
    case 'cancel':
      plane.cancel(ref, session)
      accepted()
      process.answerLater(request, () => {
        respond({ status: 'ok' })
      })
      break
    case 'weigh':
      plane.set(ref, { weight: request.weight })
      respond({ status: 'ok' })
      break
    case 'override':
      plane.set(ref, { statusOverride: request.value })
      accepted()
      respond({ status: 'ok' })
      break
  }
}
