/**
 * The watchers of a simulated cluster: each stays with a node while that serves, is away now and
 * then, and comes back with what it knew.
 *
 * @module
 */

import { COALESCE_MS } from '../src/instances/constants.ts'
import { ClusterWatcher } from './cluster-watcher.ts'
import type { ClusterWorld } from './cluster-world.ts'

interface Place {
  readonly watcher: ClusterWatcher
  node: string
  isAway: boolean
}

export class ClusterWatchers {
  readonly #world: ClusterWorld
  readonly #places: Place[] = []

  constructor(world: ClusterWorld) {
    this.#world = world
  }

  add(node: string, service = 'web'): void {
    const { history } = this.#world
    const place: Place = {
      watcher: new ClusterWatcher(service, {
        fail: (what) => {
          const whose = `a watcher of ${place.node} ${what}`
          history.watcherFaults.push({ atMs: this.#world.nowMs, what: whose })
        },
        hasFlickered: (id) => this.#hasFlickered(place.node, `${service} ${id}`),
      }),
      node,
      isAway: false,
    }
    this.#places.push(place)
    this.#connect(place)
  }

  /** Some go away, some come back, who lost a node looks for another, and the rest look closely. */
  move(): void {
    for (const place of this.#places) {
      const isServed = this.#world.isServing(place.node)
      if (place.isAway && this.#world.chance(0.4)) this.#connect(place)
      else if (place.isAway) continue
      else if (!isServed || this.#world.chance(0.1)) this.#disconnect(place)
      else place.watcher.check()
    }
  }

  checkAll(): void {
    for (const { watcher } of this.#places) watcher.check()
  }

  /** Whether a node showed a key otherwise, and as before again, since it may have told of it last. */
  #hasFlickered(node: string, key: string): boolean {
    const { history, nowMs } = this.#world
    const times = history.keys.get(key)?.views.get(node)?.times ?? []
    return times.filter((ms) => ms >= nowMs - COALESCE_MS).length > 1
  }

  #disconnect(place: Place): void {
    place.watcher.disconnect()
    place.isAway = true
  }

  #connect(place: Place): void {
    const world = this.#world
    const serving = [...world.nodes.keys()].filter((name) => world.isServing(name))
    const isBack = serving.includes(place.node)
    const name = isBack ? place.node : serving[world.pick(serving.length)]
    const process = name === undefined ? undefined : world.nodes.get(name)?.process
    if (name === undefined || !process) return
    place.node = name
    place.isAway = false
    process.sim.arrive(() => {
      place.watcher.connect(process.plane)
    })
  }
}
