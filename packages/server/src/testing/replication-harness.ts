/**
 * What tests of replication are made of: records as other nodes would have written them, a
 * plane among neighbours of whom the test decides, and whole nodes on a simulated network.
 *
 * @module
 */

import { seededRandom, silentLog } from '@rollcall/runtime'
import { Entry } from '../instances/entry.ts'
import type { Standing } from '../instances/homes.ts'
import { InstancePlane } from '../instances/index.ts'
import { noMetrics } from '../instances/instance-metrics.ts'
import { NOBODY, type Neighbours } from '../instances/neighbours.ts'
import { contentOf, type InstanceRecord, type Life } from '../instances/record.ts'
import type { BootEnd } from '../instances/replication/boot.ts'
import type { PeerMessage } from '../instances/replication/messages.ts'
import type { PeerTransport } from '../instances/replication/peer-transport.ts'
import { noReplicationMetrics } from '../instances/replication/replication-metrics.ts'
import { Replicator } from '../instances/replication/replicator.ts'
import { ServiceTable } from '../instances/service-table.ts'
import { stampAt, type Origin, type Stamp } from '../instances/stamp.ts'
import type { InstanceKey } from '../model/instance-key.ts'
import { EventQueue } from './simulation/event-queue.ts'
import { CALM, Links } from './simulation/links.ts'
import { SimNetwork } from './simulation/sim-network.ts'
import { SimProcess } from './simulation/sim-process.ts'

/** Where the wall clocks of tests start, epoch milliseconds. */
export const WALL_MS = 1_700_000_000_000

export function keyOfId(id: string, service = 'web'): InstanceKey {
  return { env: 'default', service, zone: 'z1', id }
}

/** An entry that is in no plane. */
export function looseEntry(id: string, record: InstanceRecord): Entry {
  const entry = new Entry(new ServiceTable({ env: 'default', service: 'web' }, 0), 'z1', id)
  entry.record = record
  return entry
}

/** What of a record matters to a test. Times are wall times. */
export interface Written {
  readonly home?: Origin
  readonly genMs?: number
  readonly verMs?: number
  /** Who wrote the version; home if nobody else. */
  readonly by?: Origin
  readonly cverMs?: number
  readonly version?: string
  readonly ttlMs?: number
}

export const HOME: Origin = { node: 'n2', inc: 1 }

function stampOf(wallMs: number, by: Origin): Stamp {
  return { at: stampAt(wallMs), by }
}

/** An instance that lives, as its home wrote it. */
export function liveRecord(written: Written = {}): InstanceRecord {
  const { home = HOME, genMs = WALL_MS, verMs = genMs, cverMs = genMs, by = home } = written
  const gen = stampOf(genMs, HOME)
  const facts = {
    hostname: 'h',
    addresses: ['http://10.0.0.1:80'],
    version: written.version ?? '1',
    weight: 1,
    tags: [],
    metadata: {},
    status: 'up' as const,
    ttlMs: written.ttlMs ?? 90_000,
  }
  const life: Life = {
    gen,
    cancelled: false,
    ver: stampOf(verMs, by),
    evicted: false,
    home,
    tombAtMs: 0,
  }
  const times = { registeredAtMs: genMs, upSinceMs: genMs }
  const cver = stampOf(cverMs, by)
  const content = contentOf(facts, { gen, cver, said: cver, ...times })
  return { life, content, override: null }
}

/** The tombstone of that instance, with what it was. */
export function endedRecord(
  how: 'cancelled' | 'evicted',
  written: Written = {},
  tombAtMs = WALL_MS,
): InstanceRecord {
  const record = liveRecord(written)
  const life = record.life && { ...record.life, [how]: true, tombAtMs }
  return { ...record, life }
}

/** Neighbours of whom the test decides. */
export interface ScriptedNeighbours extends Neighbours {
  /** By node; whoever is not named is trusted. */
  readonly standings: Map<string, Exclude<Standing, 'own'>>
  readonly known: Set<string>
  isolated: boolean
  /** Whether a renewal has a way home. */
  hasRoute: boolean
  readonly told: { readonly id: string; readonly lifeOnly: boolean }[]
  readonly forwarded: string[]
}

/** Puts a plane among neighbours of whom the test decides. */
export function neighboursOf({ core }: InstancePlane): ScriptedNeighbours {
  const it: ScriptedNeighbours = {
    ...NOBODY,
    standings: new Map(),
    known: new Set(),
    isolated: false,
    hasRoute: true,
    told: [],
    forwarded: [],
    standing: ({ node }) => {
      return node === core.options.node ? 'lost' : (it.standings.get(node) ?? 'trusted')
    },
    isKnown: (node) => it.known.has(node),
    wrote: ({ id }, lifeOnly) => void it.told.push({ id, lifeOnly }),
    forward({ id }) {
      if (it.hasRoute) it.forwarded.push(id)
      return it.hasRoute
    },
  }
  core.neighbours = it
  return it
}

/** A transport that notes what it is told, and carries nothing. */
export interface NotedTransport extends PeerTransport {
  /** Addresses with a channel that is wanted. */
  readonly wanted: Set<string>
  readonly sent: { readonly to: string; readonly message: PeerMessage }[]
  /** Nodes to which there is no channel. */
  readonly shut: Set<string>
}

export function notedTransport(): NotedTransport {
  const it: NotedTransport = {
    wanted: new Set(),
    sent: [],
    shut: new Set(),
    connect: (address) => void it.wanted.add(address),
    disconnect: (address) => void it.wanted.delete(address),
    send(to, message) {
      if (it.shut.has(to)) return false
      it.sent.push({ to, message })
      return true
    },
  }
  return it
}

export interface TestNode {
  readonly plane: InstancePlane
  readonly replicator: Replicator
  readonly process: SimProcess
  /** How each of its boots ended. */
  readonly boots: BootEnd[]
  readonly register: (id: string, version?: string) => void
  /** Ids of `web` that clients are shown, in order. */
  readonly ids: () => string[]
}

export interface TestNodes {
  readonly queue: EventQueue
  readonly links: Links
  readonly run: (ms: number) => void
  /** Starts a node; `seeds` are names of others. Its wall clock may be wrong by some. */
  readonly start: (
    name: string,
    seeds: readonly string[],
    skew?: { readonly skewMs: number },
  ) => TestNode
}

/** Whole nodes on one simulated network on which nothing is lost, unless a link is cut. */
export function testNodes(): TestNodes {
  const queue = new EventQueue()
  const links = new Links(seededRandom(1), CALM)
  const network = new SimNetwork({ queue, links })
  return {
    queue,
    links,
    run: (ms) => {
      queue.runUntil(queue.nowMs + ms)
    },
    start(name, seeds, { skewMs } = { skewMs: 0 }) {
      const random = seededRandom(name.length)
      const wallMs = () => WALL_MS + queue.nowMs + skewMs
      const process = new SimProcess({ queue, random, wallMs })
      return startNode({ name, seeds, process, network })
    },
  }
}

interface NodeSetUp {
  readonly name: string
  readonly seeds: readonly string[]
  readonly process: SimProcess
  readonly network: SimNetwork
}

function startNode({ name, seeds, process, network }: NodeSetUp): TestNode {
  const { clock } = process
  const plane = new InstancePlane({
    node: name,
    env: 'default',
    zone: 'z1',
    clock,
    random: seededRandom(1),
    log: silentLog,
    metrics: noMetrics,
    limits: {
      instancesMax: 10_000,
      tombstonesMax: 10_000,
      changeRingSize: 1_000,
      defaultTtlMs: 90_000,
    },
  })
  const boots: BootEnd[] = []
  const address = addressOf(name)
  const replicator = new Replicator({
    plane,
    transport: (listener) => network.attach({ node: name, address, process }, listener),
    seeds: seeds.map(addressOf),
    address: () => address,
    metrics: noReplicationMetrics,
    log: silentLog,
    onBooted(end) {
      if (boots.push(end) === 1) plane.registerSelf({ addresses: [`http://${address}`] })
    },
    onState() {},
    onClash() {},
  })
  const tickLater = () => {
    clock.after(250, () => {
      plane.tick()
      tickLater()
    })
  }
  replicator.start()
  tickLater()
  const at = (id: string) => ({ env: 'default', service: 'web', id })
  return {
    plane,
    replicator,
    process,
    boots,
    register(id, version = '1') {
      plane.register({ ref: at(id), facts: { addresses: ['http://10.0.0.1:80'], version } })
    },
    ids: () => [...plane.snapshot(at('')).instances].map(({ id }) => id).toSorted(),
  }
}

function addressOf(name: string): string {
  return `${name}.test:7400`
}
