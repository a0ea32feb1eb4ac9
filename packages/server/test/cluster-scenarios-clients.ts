/**
 * Clients and operators on both sides of a partition, and clocks that are wrong.
 *
 * @module
 */

import {
  between,
  churn,
  crowd,
  FEW,
  overlap,
  THREE,
  watch,
  type Scenario,
} from './cluster-scenario.ts'
import type { ClusterWorld } from './cluster-world.ts'

const base = (name: string, balanced: number): Scenario => ({
  name,
  nodes: THREE,
  endS: 75,
  flapsMax: 0,
  plan(world) {
    const clients = crowd(world, { count: FEW, balanced, sessions: 1, followers: 0.3 })
    world.startAll()
    watch(world, { endS: 70 })
    churn(world, clients.slice(0, 5), { fromS: 12, toS: 32 })
  },
})

/** A is cut off from the others for a while; what its clients do meanwhile is given. */
function parted(name: string, act: (world: ClusterWorld) => void): Scenario {
  return {
    name,
    nodes: THREE,
    endS: 90,
    plan(world) {
      crowd(world, { count: 9, sessions: 1 })
      world.startAll()
      world.at(20, () => world.cut(['A'], ['B', 'C']))
      act(world)
      world.at(between(world, 28, 45), () => world.healAll())
    },
  }
}

const contentPart = parted('contentPart', (world) => {
  for (const client of world.clients.slice(0, 4)) {
    world.at(between(world, 20.2, 25), () => client.process.change('v2'))
    world.at(between(world, 22, 30), () => client.process.moveTo('B'))
  }
})

const overridePart = parted('overridePart', (world) => {
  for (const client of world.clients.slice(0, 4)) {
    const at = THREE[world.pick(3)] ?? 'A'
    world.at(between(world, 20.2, 27), () => world.override(client, at, 'out_of_service'))
    world.at(between(world, 20.2, 27), () => client.process.moveTo('B'))
  }
})

const cancelPart = parted('cancelPart', (world) => {
  for (const client of world.clients.slice(0, 5)) {
    world.at(between(world, 20.2, 24), () => client.process.moveTo('B'))
    world.at(between(world, 23, 34), () => client.process.leave())
  }
})

/** An instance with an override lapses, and comes back. */
const override: Scenario = {
  name: 'override',
  nodes: THREE,
  endS: 80,
  plan(world) {
    const clients = crowd(world, { count: 8, sessions: 0.5 })
    world.startAll()
    for (const client of clients.slice(0, 3)) {
      world.at(between(world, 12, 15), () => world.override(client, 'C', 'out_of_service'))
      world.at(between(world, 17, 20), () => client.process.crash())
      world.at(between(world, 31, 38), () => world.restartClient(client))
    }
  },
}

const overlapping: Scenario = {
  name: 'overlap',
  nodes: THREE,
  endS: 75,
  flapsMax: 0,
  plan(world) {
    const clients = crowd(world, { count: 8, sessions: 1, balanced: 0.5 })
    world.startAll()
    for (const client of clients) {
      world.at(between(world, 15, 35), () => {
        overlap(world, client)
      })
    }
  },
}

interface Skew {
  readonly name: string
  readonly ms: number
  /** Whether the clock is wrong from the start, or jumps later. */
  readonly late?: boolean
}

function skewed({ name, ms, late = false }: Skew): Scenario {
  return {
    name,
    nodes: THREE,
    endS: 95,
    plan(world) {
      const clients = crowd(world, { count: FEW, balanced: 0.4, sessions: 0.8 })
      if (late) world.at(18, () => world.jumpWall('A', ms))
      else world.jumpWall('A', ms)
      world.startAll()
      churn(world, clients.slice(0, 5), { fromS: 12, toS: 45 })
      const dice = world.random()
      if (dice < 0.4) world.at(22, () => world.cut(['A'], ['B', 'C']))
      else if (dice < 0.6) world.at(22, () => world.crash('A'))
      else if (dice < 0.7) world.at(22, () => world.stall('A', 8_000))
      world.at(between(world, 25, 42), () => {
        world.healAll()
        if (!world.isUp('A') && dice >= 0.4 && dice < 0.6) world.start('A')
      })
    },
  }
}

/** The clock of a node goes back while it is down, and it has no disk to remember. */
const skewReborn: Scenario = {
  name: 'skewReborn',
  nodes: THREE,
  endS: 85,
  plan(world) {
    crowd(world, { count: 9, sessions: 0.8 })
    world.startAll()
    world.at(20, () => {
      world.crash('A')
      world.jumpWall('A', -between(world, 1_000, 600_000))
    })
    world.at(between(world, 20.5, 32), () => world.start('A'))
  },
}

export const CLIENT_SCENARIOS: readonly Scenario[] = [
  base('base', 0),
  base('baseLB', 1),
  contentPart,
  overridePart,
  cancelPart,
  override,
  overlapping,
  skewed({ name: 'skew30', ms: 30_000 }),
  skewed({ name: 'skewInfect', ms: 59_000 }),
  skewed({ name: 'skew10m', ms: 600_000 }),
  skewed({ name: 'skew10mLate', ms: 600_000, late: true }),
  skewed({ name: 'skewBack10m', ms: -600_000 }),
  skewed({ name: 'skewBack10mLate', ms: -600_000, late: true }),
  skewReborn,
]
