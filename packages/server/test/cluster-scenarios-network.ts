/**
 * Links that break, wholly, partly, one way, or again and again.
 *
 * @module
 */

import {
  between,
  churn,
  crowd,
  FEW,
  FIVE,
  THREE,
  watch,
  type Scenario,
} from './cluster-scenario.ts'
import type { ClusterWorld } from './cluster-world.ts'

interface Cutting {
  readonly name: string
  readonly balanced?: number
  readonly flapsMax?: number
  readonly cut: (world: ClusterWorld) => void
  /** Heals in half of the seeds only: what is broken for good must not flap for ever. */
  readonly mayStay?: boolean
}

function cutting({ name, balanced = 0, flapsMax, cut, mayStay = false }: Cutting): Scenario {
  return {
    name,
    nodes: THREE,
    endS: 95,
    ...(flapsMax !== undefined && { flapsMax }),
    plan(world) {
      const clients = crowd(world, { count: 6 + world.pick(FEW - 5), balanced, sessions: 0.8 })
      world.startAll()
      watch(world, { endS: 90 })
      world.at(20, () => {
        cut(world)
      })
      churn(world, clients.slice(0, 4), { fromS: 15, toS: 45 })
      if (!mayStay || world.chance(0.5)) world.at(50, () => world.healAll())
    },
  }
}

/** Cuts a node off from the others, the clients that prefer it staying with it. */
function withClients(world: ClusterWorld, node: string): void {
  const others = [...world.nodes.keys()].filter((name) => name !== node)
  const its = world.clients.filter(({ habits }) => habits.nodes()[0] === node)
  const rest = world.clients.filter((client) => !its.includes(client))
  world.cut([node], others)
  world.cut(
    its.map(({ key }) => key),
    others,
  )
  world.cut(
    rest.map(({ key }) => key),
    [node],
  )
}

/** Cuts a link again and again, for a while each time. */
function flapping(world: ClusterWorld): void {
  for (let turn = 0; turn < 4; turn += 1) {
    world.queue.after(8_000 * turn, () => world.cut(['A'], ['B', 'C']))
    world.queue.after(8_000 * turn + between(world, 5_500, 7_500), () => {
      world.heal(['A'], ['B', 'C'])
    })
  }
}

const ring: Scenario = {
  name: 'ring',
  nodes: FIVE,
  endS: 95,
  plan(world) {
    const clients = crowd(world, { count: FEW, balanced: 0.5, sessions: 0.8 })
    world.startAll()
    churn(world, clients.slice(0, 5), { fromS: 15, toS: 45 })
    world.at(20, () => {
      // Each hears its two neighbours in a ring only.
      FIVE.forEach((name, at) => {
        world.cut([name], [FIVE[(at + 2) % 5] ?? 'A'])
      })
    })
    if (world.chance(0.5)) world.at(50, () => world.healAll())
  },
}

const halves: Scenario = {
  name: 'halves',
  nodes: ['A', 'B', 'C', 'D'],
  endS: 95,
  plan(world) {
    const clients = crowd(world, { count: FEW, balanced: 0.3, sessions: 0.8 })
    world.startAll()
    churn(world, clients.slice(0, 5), { fromS: 15, toS: 45 })
    world.at(20, () => world.cut(['A', 'B'], ['C', 'D']))
    world.at(between(world, 26, 50), () => world.healAll())
  },
}

export const NETWORK_SCENARIOS: readonly Scenario[] = [
  cutting({ name: 'partial', flapsMax: 0, mayStay: true, cut: (w) => w.cut(['A'], ['B']) }),
  cutting({
    name: 'partialLB',
    balanced: 1,
    flapsMax: 0,
    mayStay: true,
    cut: (w) => w.cut(['A'], ['B']),
  }),
  cutting({
    name: 'partialRestart',
    mayStay: true,
    cut: (w) => {
      w.cut(['A'], ['B'])
      w.crash('A')
      w.queue.after(2_000, () => {
        w.start('A')
      })
    },
  }),
  cutting({ name: 'isolatedReader', cut: (w) => w.cut(['C'], ['A', 'B', 'clients']) }),
  cutting({ name: 'partHomeAlone', cut: (w) => w.cut(['A'], ['B', 'C', 'clients']) }),
  cutting({
    name: 'partHomeWithClients',
    cut: (w) => {
      withClients(w, 'A')
    },
  }),
  cutting({ name: 'partLB', balanced: 1, cut: (w) => w.cut(['A'], ['B', 'C']) }),
  cutting({ name: 'oneway', mayStay: true, cut: (w) => w.cut(['A'], ['B'], false) }),
  cutting({ name: 'onewayLB', balanced: 1, mayStay: true, cut: (w) => w.cut(['A'], ['B'], false) }),
  cutting({ name: 'deaf', mayStay: true, cut: (w) => w.cut(['B', 'C'], ['A'], false) }),
  cutting({ name: 'mute', mayStay: true, cut: (w) => w.cut(['A'], ['B', 'C'], false) }),
  cutting({
    name: 'renewEvicted',
    cut: (w) => {
      w.cut(['B'], ['A'], false)
      for (const { process } of w.clients) process.moveTo('B')
    },
  }),
  cutting({ name: 'flap', cut: flapping }),
  cutting({
    name: 'slowPeer',
    cut: (w) => {
      w.slow('A', 'B', between(w, 500, 3_000))
    },
  }),
  cutting({
    name: 'fullPeer',
    mayStay: true,
    cut: (w) => {
      w.fill('A', 'B')
    },
  }),
  cutting({
    name: 'lbDrain',
    flapsMax: 0,
    cut: (w) => {
      w.cut(['clients'], ['A'])
    },
  }),
  ring,
  halves,
]
