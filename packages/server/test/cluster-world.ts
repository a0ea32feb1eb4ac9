/**
 * A cluster of nodes with its clients, watchers and operators on one simulated time, and
 * everything that can befall them. Whoever uses it says what happens when; a seed decides the rest.
 *
 * @module
 */

import { seededRandom, type Random } from '@rollcall/runtime'
import { EMPTY_RECORD } from '../src/instances/record.ts'
import type { PeerMessage } from '../src/instances/replication/messages.ts'
import type { InstanceStatus } from '../src/model/instance-status.ts'
import { EventQueue } from '../src/testing/simulation/event-queue.ts'
import { Links, ROUGH, type Weather } from '../src/testing/simulation/links.ts'
import { SimNetwork } from '../src/testing/simulation/sim-network.ts'
import { ClientProcess, type Answer, type ClientHabits, type Request } from './cluster-client.ts'
import type { History, KeyHistory } from './cluster-history.ts'
import { addressOf, ClusterNode, EPOCH_MS } from './cluster-node.ts'
import { ClusterRecorder } from './cluster-recorder.ts'
import { takeFinal } from './cluster-final.ts'
import { ClusterWatchers } from './cluster-watchers.ts'

export interface WorldOptions {
  readonly seed: number
  readonly nodes: readonly string[]
  readonly heartbeatMs?: number
  readonly ttlMs?: number
  readonly weather?: Weather
  /** Puts every message through the real codec. */
  readonly carry?: ((message: PeerMessage) => PeerMessage) | undefined
}

export interface Client {
  readonly key: string
  readonly service: string
  readonly id: string
  readonly habits: ClientHabits
  readonly history: KeyHistory
  /** The one that counts; an older one may still live. */
  process: ClientProcess
}

const FINAL_MS = 2_000
const FINAL_EVERY_MS = 100

export class ClusterWorld {
  readonly queue = new EventQueue()
  readonly random: Random
  readonly links: Links
  readonly nodes = new Map<string, ClusterNode>()
  readonly clients: Client[] = []
  readonly heartbeatMs: number
  readonly ttlMs: number
  readonly #network: SimNetwork
  readonly #options: WorldOptions
  readonly watchers = new ClusterWatchers(this)
  readonly #recorder: ClusterRecorder
  #processes = 0

  constructor(options: WorldOptions) {
    const { seed, weather = ROUGH, heartbeatMs = 3_000, ttlMs = 9_000, carry } = options
    this.#options = options
    this.random = seededRandom(seed)
    this.heartbeatMs = heartbeatMs
    this.ttlMs = ttlMs
    const { queue } = this
    this.links = new Links(seededRandom(seed + 1), weather)
    this.#recorder = new ClusterRecorder(queue, this.links, this.nodes)
    this.#network = new SimNetwork({
      queue,
      links: this.links,
      ...(carry && { carry }),
      onSent: (_from, _to, message) => {
        this.#recorder.count(message)
      },
    })
    for (const name of options.nodes) this.addNode(name)
  }

  get history(): History {
    return this.#recorder.history
  }

  get nowMs(): number {
    return this.queue.nowMs
  }

  /** Starts every node at once. */
  startAll(withDisk = false): void {
    for (const name of this.nodes.keys()) this.start(name, withDisk)
  }

  /** Runs until a time, in milliseconds since the start. */
  runUntil(untilMs: number): void {
    this.queue.runUntil(untilMs)
  }

  /** Runs to the end, and looks at it closely. */
  finish(endMs: number): History {
    this.runUntil(endMs - FINAL_MS)
    for (let atMs = endMs - FINAL_MS; atMs <= endMs; atMs += FINAL_EVERY_MS) {
      this.runUntil(atMs)
      this.history.finals.push(takeFinal(this))
    }
    this.watchers.checkAll()
    this.history.endMs = endMs
    return this.history
  }

  at(seconds: number, act: () => void): void {
    this.queue.after(seconds * 1_000 - this.nowMs, act)
  }

  chance(share: number): boolean {
    return this.random() < share
  }

  /** A whole number below `below`. */
  pick(below: number): number {
    return Math.floor(this.random() * below)
  }

  // Nodes

  addNode(name: string): void {
    const { queue, ttlMs } = this
    this.history.addNode(name)
    const node = new ClusterNode({
      name,
      queue,
      network: this.#network,
      seed: this.#options.seed * 31 + this.nodes.size,
      ttlMs,
      metrics: this.#recorder.metricsOf(name),
      onDone: () => {
        this.#recorder.observe(name)
      },
      onLoaded: (instances) => {
        for (const { key } of instances) {
          this.history.keys.get(`${key.service} ${key.id}`)?.loads.push(this.nowMs)
        }
      },
    })
    this.nodes.set(name, node)
    this.#recorder.follow(name)
  }

  /** Starts a process of a node; unless told otherwise it knows the addresses of all others. */
  start(name: string, withDisk = false, seeds: readonly string[] = this.#seedsOf(name)): void {
    this.#recorder.fault(`${name} starts${withDisk ? ' with its disk' : ''}`)
    this.#node(name).start(seeds, withDisk)
    this.#recorder.observe(name)
    this.#recorder.notePaths()
  }

  /** Ends a node's process at once. What it had written to disk before stays. */
  crash(name: string): void {
    const node = this.#node(name)
    if (!node.process || node.process.sim.isDead) return
    this.#recorder.fault(`${name} crashes`)
    node.process.sim.kill()
    this.#recorder.observe(name)
    this.#recorder.observeEnd(name)
  }

  /** Stops a node in good order. */
  leave(name: string): void {
    const node = this.#node(name)
    const { process } = node
    if (!process?.sim.isRunning) return
    this.#recorder.fault(`${name} leaves`)
    process.isStopping = true
    this.#recorder.observe(name)
    const end = () => {
      if (process.sim.isDead) return
      node.save()
      process.sim.kill()
      this.#recorder.observeEnd(name)
    }
    process.replicator.leave(() => {
      this.queue.after(0, end)
    })
    this.queue.after(1_000, end)
  }

  stall(name: string, ms: number): void {
    const process = this.#node(name).process
    if (!process?.sim.isRunning) return
    this.#recorder.fault(`${name} stalls for ${Math.round(ms)} ms`)
    process.sim.stall()
    this.#recorder.observeEnd(name)
    this.queue.after(ms, () => {
      if (process.sim.isDead) return
      this.#recorder.fault(`${name} goes on`)
      process.sim.resume()
      this.#recorder.observe(name)
      this.#recorder.notePaths()
    })
  }

  jumpWall(name: string, ms: number): void {
    this.#recorder.fault(`the clock of ${name} jumps by ${Math.round(ms)} ms`)
    this.#node(name).skewMs += ms
  }

  /** An operator takes a node out at another. */
  remove(at: string, name: string): void {
    this.#recorder.fault(`an operator removes ${name} at ${at}`)
    const process = this.#node(at).process
    if (process?.sim.isRunning) process.replicator.remove(name)
    this.#recorder.observe(at)
  }

  save(name: string): void {
    this.#node(name).save()
  }

  isUp(name: string): boolean {
    return this.nodes.get(name)?.process?.sim.isRunning ?? false
  }

  // The network

  /** Cuts the way from each of one side to each of the other; with `both`, and back. */
  cut(from: readonly string[], to: readonly string[], both = true): void {
    this.#recorder.fault(`${from.join()} ${both ? 'x' : '-x>'} ${to.join()}`)
    this.#eachWay(from, to, (one, other) => {
      this.links.cut(one, other)
      if (both) this.links.cut(other, one)
    })
  }

  heal(from: readonly string[], to: readonly string[]): void {
    this.#recorder.fault(`${from.join()} -- ${to.join()}`)
    this.#eachWay(from, to, (one, other) => {
      this.links.heal(one, other)
      this.links.heal(other, one)
    })
  }

  healAll(): void {
    this.#recorder.fault('all links are whole')
    this.links.healAll()
    this.#recorder.notePaths()
  }

  slow(from: string, to: string, ms: number): void {
    this.#recorder.fault(`${from} to ${to} takes ${Math.round(ms)} ms more`)
    this.links.slow(from, to, ms)
    this.#recorder.notePaths()
  }

  fill(from: string, to: string): void {
    this.#recorder.fault(`the way from ${from} to ${to} is full`)
    this.links.fill(from, to)
    this.#recorder.notePaths()
  }

  #eachWay(
    from: readonly string[],
    to: readonly string[],
    act: (one: string, other: string) => void,
  ): void {
    for (const one of from) for (const other of to) if (one !== other) act(one, other)
    this.#recorder.notePaths()
  }

  // Clients, operators, watchers

  /** Adds an instance whose client has yet to be started. */
  addClient(name: string, habits: Partial<ClientHabits> = {}, version = 'v1'): Client {
    const [service = 'web', id = name] = name.includes(' ') ? name.split(' ') : ['web', name]
    const key = `${service} ${id}`
    const { heartbeatMs, ttlMs } = this
    const whole: ClientHabits = {
      nodes: () => [...this.nodes.keys()],
      isBalanced: false,
      followsHome: false,
      hasSession: true,
      heartbeatMs,
      ttlMs,
      ...habits,
    }
    const history = this.history.addKey(key, whole.hasSession)
    const client: Omit<Client, 'process'> = { key, service, id, habits: whole, history }
    const added = { ...client, process: this.#newProcess(client, version) }
    this.clients.push(added)
    return added
  }

  /** Starts a new process for an instance, whatever became of the last. */
  restartClient(client: Client, version = client.process.version): ClientProcess {
    client.process = this.#newProcess(client, version)
    client.process.start()
    return client.process
  }

  /** An operator sets or lifts a status over an instance at a node. */
  override(client: Client, at: string, value: InstanceStatus | null): void {
    const process = this.#node(at).process
    if (!process?.sim.isRunning) return
    const request: Request = { op: 'override', ref: refOf(client), value }
    process.sim.arrive(() => {
      process.handle(request, {
        accepted: () => {
          const over = this.#recorder.entry(at, client.key)?.record.override?.over.at ?? 0
          client.history.overrides.push({ atMs: this.nowMs, node: at, value, over })
        },
        respond: () => {},
      })
    })
  }

  /** An operator sets the weight of an instance, which is part of its content. */
  weigh(client: Client, at: string, weight: number): void {
    const process = this.#node(at).process
    if (!process?.sim.isRunning) return
    process.sim.arrive(() => {
      const nothing = { accepted: () => {}, respond: () => {} }
      process.handle({ op: 'weigh', ref: refOf(client), weight }, nothing)
    })
  }

  isServing(name: string): boolean {
    const process = this.nodes.get(name)?.process
    return process?.sim.isRunning === true && process.replicator.state.ready
  }

  #newProcess(client: Omit<Client, 'process'>, version: string): ClientProcess {
    this.#processes += 1
    const id = this.#processes
    const { key, habits, history } = client
    const { queue, random } = this
    // Now and then a machine's clock is behind that of the one on which the last process ran.
    const behindMs = this.chance(0.1) ? this.pick(60_000) : 0
    return new ClientProcess(
      id,
      { ref: refOf(client), version },
      {
        habits,
        port: {
          queue,
          random,
          wallMs: () => EPOCH_MS + queue.nowMs - behindMs,
          send: (node, request, answer) => {
            this.#send({ id, key, node, request, history }, answer)
          },
          note: (event) => {
            history.clientEvents.push(event)
          },
        },
      },
    )
  }

  /** Takes a request to a node and the answer back, as a connection of its own would. */
  #send({ id, key, node, request, history }: Sending, answer: (answer: Answer) => void): void {
    const { links, queue } = this
    const isLost = (one: string, other: string) =>
      links.isCut(one, other) ||
      links.isCut(one.includes(' ') ? 'clients' : one, other.includes(' ') ? 'clients' : other)
    if (isLost(key, node)) return
    const process = this.#node(node).process
    queue.after(links.delayMs(key, node), () => {
      const back = (value: Answer) => {
        if (isLost(node, key)) return
        queue.after(links.delayMs(node, key), () => {
          answer(value)
        })
      }
      if (!process || process.sim.isDead) {
        back({ status: 'unreachable' })
        return
      }
      process.sim.arrive(() => {
        const accepted = () => {
          const { life, content } = this.#recorder.entry(node, key)?.record ?? EMPTY_RECORD
          const { op } = request
          if (!life || op === 'override' || op === 'weigh') return
          // A word of an older process changes nothing.
          if (op === 'cancel' && !life.cancelled) return
          const version = op === 'register' ? request.version : ''
          const fact = { atMs: queue.nowMs, process: id, kind: 'accepted' as const }
          const stamps = { gen: life.gen.at, cver: content?.cver.at ?? 0 }
          history.clientEvents.push({ ...fact, op, node, ...stamps, version })
        }
        process.handle(request, { accepted, respond: back })
      })
    })
  }

  #node(name: string): ClusterNode {
    const node = this.nodes.get(name)
    if (!node) throw new Error(`there is no node ${name}`)
    return node
  }

  #seedsOf(name: string): string[] {
    return [...this.nodes.keys()].filter((other) => other !== name).map(addressOf)
  }
}

interface Sending {
  readonly id: number
  readonly key: string
  readonly node: string
  readonly request: Request
  readonly history: KeyHistory
}

function refOf({ service, id }: { readonly service: string; readonly id: string }) {
  return { env: 'default', service, id, zone: 'z1' }
}
