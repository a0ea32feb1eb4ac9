/**
 * What a scenario is, and what most of them need.
 *
 * @module
 */

import type { History } from './cluster-history.ts'
import type { Weather } from '../src/testing/simulation/links.ts'
import type { Violation } from './cluster-violation.ts'
import type { Client, ClusterWorld } from './cluster-world.ts'

export interface Scenario {
  readonly name: string
  readonly nodes: readonly string[]
  readonly endS: number
  readonly heartbeatMs?: number
  readonly ttlMs?: number
  readonly weather?: Weather
  /** Says what happens when; what is left open the world's random decides. */
  readonly plan: (world: ClusterWorld) => void
  /** Live instances may vanish so often where their heartbeats are known. */
  readonly flapsMax?: number
  /** Whether anything may be held by protection; by default nothing is enough to be. */
  readonly mayHold?: boolean
  /** Takes seconds: only run when asked for. */
  readonly isLong?: boolean
  /** What must hold of this scenario beyond the invariants. */
  readonly check?: (history: History) => Violation[]
}

export const THREE = ['A', 'B', 'C'] as const
export const FOUR = ['A', 'B', 'C', 'D'] as const
export const FIVE = ['A', 'B', 'C', 'D', 'E'] as const

/** Instances that are too few to be protected, so that the bounds hold without exception. */
export const FEW = 9

/** Clients come when the cluster is there. */
export const CLIENTS_S = 6

export interface Crowd {
  readonly count: number
  /** Shares from 0 to 1. */
  readonly balanced?: number
  readonly sessions?: number
  readonly followers?: number
  readonly service?: string
  readonly prefix?: string
  /** The node that all prefer; else each prefers another. */
  readonly at?: string
  readonly startS?: number
}

/** Adds clients that start within a heartbeat of each other. */
export function crowd(world: ClusterWorld, wanted: Crowd): Client[] {
  const { count, balanced = 0, sessions = 1, followers = 0, service = 'web', prefix = 'k' } = wanted
  const clients: Client[] = []
  for (let at = 0; at < count; at += 1) {
    const isBalanced = world.chance(balanced)
    const turn = at
    const client = world.addClient(`${service} ${prefix}${at}`, {
      isBalanced,
      hasSession: world.chance(sessions),
      followsHome: world.chance(followers),
      nodes: () => preferring([...world.nodes.keys()], wanted.at ?? turn),
    })
    const startS = (wanted.startS ?? CLIENTS_S) + (world.random() * world.heartbeatMs) / 1_000
    world.at(startS, () => {
      client.process.start()
    })
    clients.push(client)
  }
  return clients
}

function preferring(nodes: readonly string[], first: string | number): string[] {
  const at = typeof first === 'number' ? first % nodes.length : Math.max(0, nodes.indexOf(first))
  return [...nodes.slice(at), ...nodes.slice(0, at)]
}

/** Clients come and go, say something new, are replaced; operators speak. */
export function churn(
  world: ClusterWorld,
  clients: readonly Client[],
  {
    fromS,
    toS,
    everyS = 3,
  }: { readonly fromS: number; readonly toS: number; readonly everyS?: number },
): void {
  for (let atS = fromS + world.random() * everyS; atS < toS; atS += 2 * world.random() * everyS) {
    const client = clients[world.pick(clients.length)]
    const dice = world.random()
    if (client)
      world.at(atS, () => {
        befall(world, client, dice)
      })
  }
}

function befall(world: ClusterWorld, client: Client, dice: number): void {
  const { process } = client
  if (!process.isAlive) {
    if (dice < 0.6) world.restartClient(client)
  } else if (dice < 0.2) process.crash()
  else if (dice < 0.45) process.leave()
  else if (dice < 0.65) process.change(`v${world.pick(1_000)}`)
  else if (dice < 0.8) overlap(world, client)
  else {
    const up = [...world.nodes.keys()].filter((name) => world.isServing(name))
    const node = up[world.pick(up.length)]
    if (node && dice < 0.85) world.weigh(client, node, 1 + world.pick(9))
    else if (node) world.override(client, node, world.chance(0.5) ? 'out_of_service' : null)
  }
}

/** A new process starts before the old one has gone, as in a rolling deployment. */
export function overlap(world: ClusterWorld, client: Client): void {
  const old = client.process
  world.restartClient(client)
  const afterS = world.random() * 5
  world.queue.after(afterS * 1_000, () => {
    if (world.chance(0.5)) old.leave()
    else old.crash()
  })
}

/** A watcher or two that follow the service about. */
export function watch(world: ClusterWorld, { endS }: { readonly endS: number }): void {
  for (let at = 0; at < 2; at += 1) {
    world.at(CLIENTS_S, () => {
      world.watchers.add([...world.nodes.keys()][at] ?? 'A')
    })
  }
  for (let atS = CLIENTS_S + 1; atS < endS; atS += 1) {
    world.at(atS, () => {
      world.watchers.move()
    })
  }
}

/** A time between two, in seconds. */
export function between(world: ClusterWorld, fromS: number, toS: number): number {
  return fromS + world.random() * (toS - fromS)
}
