/**
 * What is done to a cluster in a soak: each fault from its beginning to its end, and what of
 * the clients' confirmed changes may be lost by it.
 *
 * @module
 */

import { systemClock, type Random } from '@rollcall/runtime'
import type { Cluster, Direction } from '../../../tests/src/support/cluster.ts'

const CUT_MS = 60_000
const STILL_MS = 20_000
const DEAD_MS = 20_000
const never = new AbortController().signal

/** To whom a fault happens. */
export interface Scene {
  readonly cluster: Cluster
  /** Two of its nodes, by name. */
  readonly victim: string
  readonly other: string
  /** Told when a node is killed. */
  readonly onKilled: (url: string) => void
}

export interface Fault {
  readonly name: string
  readonly run: (scene: Scene) => Promise<void>
}

/** In this order, again and again. */
export const FAULTS: readonly Fault[] = [
  { name: 'cut off for a minute', run: (scene) => cutOff(scene, 'both') },
  { name: 'restart of all, one by one', run: restartAll },
  { name: 'not heard for a minute', run: (scene) => cutOff(scene, 'out') },
  { name: 'killed, and back later', run: kill },
  { name: 'two without a line for a minute', run: cutPair },
  { name: 'stands still', run: standStill },
  { name: 'hears nothing for a minute', run: (scene) => cutOff(scene, 'in') },
]

/** Two different nodes, at random. */
export function pickTwo(names: readonly string[], random: Random): readonly [string, string] {
  const first = Math.floor(random() * names.length)
  const second = (first + 1 + Math.floor(random() * (names.length - 1))) % names.length
  return [names[first] ?? '', names[second] ?? '']
}

async function cutOff({ cluster, victim }: Scene, direction: Direction): Promise<void> {
  cluster.cutOff(victim, direction)
  await systemClock.sleep(CUT_MS, never)
  cluster.mend()
}

async function cutPair({ cluster, victim, other }: Scene): Promise<void> {
  cluster.cable(victim, other).cut()
  cluster.cable(other, victim).cut()
  await systemClock.sleep(CUT_MS, never)
  cluster.mend()
}

/** As an operator does it: the next only once the one before is ready. */
async function restartAll({ cluster }: Scene): Promise<void> {
  for (const name of cluster.names) {
    const { code, signal } = await cluster.node(name).stop()
    if (code !== 0) throw new Error(`Node ${name} ended with ${code ?? signal}.`)
    await cluster.start(name)
  }
}

async function kill({ cluster, victim, onKilled }: Scene): Promise<void> {
  await cluster.node(victim).kill9()
  onKilled(cluster.url(victim))
  await systemClock.sleep(DEAD_MS, never)
  await cluster.start(victim)
}

async function standStill({ cluster, victim }: Scene): Promise<void> {
  const { child } = cluster.node(victim)
  child.signal('SIGSTOP')
  await systemClock.sleep(STILL_MS, never)
  child.signal('SIGCONT')
}
