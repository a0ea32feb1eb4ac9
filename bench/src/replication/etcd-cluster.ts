/**
 * An etcd of three members on loopback, with its defaults, on the core that our nodes have when it
 * is their turn unless another is said.
 *
 * @module
 */

import { MEASURED_CORE } from '../suite/scenario.ts'
import { Child, type Core } from '../tools/child.ts'
import type { Tools } from '../tools/debian-packages.ts'
import { untilEtcdAnswers } from '../tools/etcd.ts'
import { freePort } from '../tools/free-port.ts'
import { Leftovers } from '../tools/leftovers.ts'
import { temporaryFolder } from '../tools/temporary-folder.ts'

const NAMES = ['a', 'b', 'c'] as const

/** Disposing kills the members and removes their data. */
export interface EtcdCluster extends AsyncDisposable {
  /** Where clients reach each member. */
  readonly urls: readonly [string, string, string]
  readonly pids: readonly number[]
}

/** Starts the members and waits until each answers a read of which all must know. */
export async function startEtcdCluster(
  { etcd, env }: Tools,
  core: Core = MEASURED_CORE,
): Promise<EtcdCluster> {
  await using started = new Leftovers()
  const places: { name: string; client: string; peer: string }[] = []
  for (const name of NAMES) {
    const [client, peer] = [await freePort(), await freePort()]
    places.push({
      name,
      client: `http://127.0.0.1:${client}`,
      peer: `http://127.0.0.1:${peer}`,
    })
  }
  const cluster = places.map(({ name, peer }) => `${name}=${peer}`).join(',')
  const children: Child[] = []
  for (const { name, client, peer } of places) {
    const options = {
      name,
      'data-dir': started.use(await temporaryFolder()).path,
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': cluster,
      'log-level': 'error',
    }
    const args = Object.entries(options).map(([option, value]) => `--${option}=${value}`)
    const child = new Child({ command: [etcd, ...args], core, env })
    children.push(started.use(child))
  }
  for (const [at, child] of children.entries()) {
    await untilEtcdAnswers(places[at]?.client ?? '', child)
  }
  const leftovers = started.move()
  return {
    urls: places.map(({ client }) => client) as unknown as EtcdCluster['urls'],
    pids: children.map(({ pid }) => pid),
    [Symbol.asyncDispose]: () => leftovers[Symbol.asyncDispose](),
  }
}
