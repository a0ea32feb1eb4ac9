/**
 * Registry nodes in processes of their own, and a cable from each to each other.
 *
 * What a node says travels on connections that it dials, so there is a cable for each direction
 * of each pair: cutting the one from `a` to `b` silences `a` to `b`, and `b` is still heard by
 * `a`. Nodes are told the cables as their peers. What they advertise to each other is a place
 * where nobody is, so that there is no way around a cable.
 *
 * @module
 */

import { until } from '@rollcall/runtime/testing'
import { rootsOf } from './cluster-status.ts'
import { freePort } from './free-port.ts'
import { startServer, type Server, type ServerOptions } from './spawn-server.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

const NAMES = ['a', 'b', 'c'] as const

/** Which of its words are lost: what it says, what it is told, or both. */
export type Direction = 'out' | 'in' | 'both'

export interface ClusterOptions {
  /** Ids of the nodes. */
  readonly names?: readonly string[]
  /** Further options and variables of each node. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

interface Place {
  /** Where it listens, each time that it runs. */
  readonly http: string
  readonly folder: TemporaryFolder
  /** The node that runs there, or ran there last. */
  server: Server | undefined
}

/** Disposing kills all nodes and removes their data. */
export class Cluster implements AsyncDisposable {
  readonly names: readonly string[]
  readonly #options: ClusterOptions
  readonly #places: ReadonlyMap<string, Place>
  readonly #cables: ReadonlyMap<string, TcpProxy>

  private constructor(
    options: ClusterOptions,
    places: ReadonlyMap<string, Place>,
    cables: ReadonlyMap<string, TcpProxy>,
  ) {
    this.names = [...places.keys()]
    this.#options = options
    this.#places = places
    this.#cables = cables
  }

  /** Lays the cables; no node runs yet. */
  static async lay(options: ClusterOptions = {}): Promise<Cluster> {
    const names = options.names ?? NAMES
    const places = new Map<string, Place>()
    const cables = new Map<string, TcpProxy>()
    for (const name of names) {
      const http = `127.0.0.1:${await freePort()}`
      places.set(name, { http, folder: await temporaryFolder(), server: undefined })
      for (const other of names) {
        if (other !== name) cables.set(cableName(other, name), await TcpProxy.open(http))
      }
    }
    return new Cluster(options, places, cables)
  }

  /** Starts a cluster, and waits until all are ready and agree. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = await Cluster.lay(options)
    try {
      const starts = await Promise.allSettled(cluster.names.map((name) => cluster.start(name)))
      for (const start of starts) if (start.status === 'rejected') throw start.reason
      await cluster.agree({ withinMs: 50_000 })
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The node of a name. Throws when it was never started. */
  node(name: string): Server {
    const { server } = this.#place(name)
    if (!server) throw new Error(`Node ${name} was never started.`)
    return server
  }

  /** Where clients reach a node, whenever it runs. */
  url(name: string): string {
    return `http://${this.#place(name).http}`
  }

  /** The URLs of all that were started, in the order of their names. */
  get urls(): readonly string[] {
    return this.names.filter((name) => this.#place(name).server).map((name) => this.url(name))
  }

  /** Starts a node, or one that ended again, with the data that it left. Waits until it is ready. */
  async start(name: string, more: Pick<ServerOptions, 'args' | 'env'> = {}): Promise<Server> {
    const place = this.#place(name)
    const { args = [], env = {} } = this.#options
    const server = await startServer({
      http: place.http,
      data: place.folder.path,
      args: [...this.identity(name), ...args, ...(more.args ?? [])],
      env: { ...env, ...more.env },
    })
    place.server = server
    return server
  }

  /** The options by which a node knows who it is and where the others are. */
  identity(name: string): readonly string[] {
    const others = this.names.filter((other) => other !== name)
    const peers = others.map((other) => this.cable(name, other).address)
    const nowhere = `127.0.0.1:${1 + this.names.indexOf(name)}`
    return ['--id', name, '--peers', peers.join(','), '--advertise', nowhere]
  }

  /** The cable on which one node talks to another. */
  cable(from: string, to: string): TcpProxy {
    const cable = this.#cables.get(cableName(from, to))
    if (!cable) throw new Error(`There is no cable from ${from} to ${to}.`)
    return cable
  }

  /** Cuts a node off from all others. */
  cutOff(name: string, direction: Direction = 'both'): void {
    for (const cable of this.#cablesOf(name, direction)) cable.cut()
  }

  /** Mends whatever was cut. */
  mend(): void {
    for (const cable of this.#cables.values()) cable.mend()
  }

  /** Waits until these nodes are ready and hold the same; all that were started by default. */
  async agree({
    withinMs,
    urls = this.urls,
  }: {
    readonly withinMs: number
    readonly urls?: readonly string[]
  }): Promise<void> {
    let seen: readonly string[] = []
    const areEqual = async () => {
      seen = await rootsOf(urls)
      return (!seen.includes('') && new Set(seen).size === 1) || undefined
    }
    try {
      await until('the nodes agree', areEqual, { withinMs, everyMs: 50 })
    } catch (error) {
      throw new Error(`The nodes hold ${seen.join(', ')}.`, { cause: error })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server, folder } of this.#places.values()) {
      await server?.[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    }
    for (const cable of this.#cables.values()) await cable[Symbol.asyncDispose]()
  }

  #place(name: string): Place {
    const place = this.#places.get(name)
    if (!place) throw new Error(`There is no node ${name} in this cluster.`)
    return place
  }

  #cablesOf(name: string, direction: Direction): readonly TcpProxy[] {
    const others = this.names.filter((other) => other !== name)
    const out = direction === 'in' ? [] : others.map((other) => this.cable(name, other))
    const into = direction === 'out' ? [] : others.map((other) => this.cable(other, name))
    return [...out, ...into]
  }
}

function cableName(from: string, to: string): string {
  return `${from} → ${to}`
}
