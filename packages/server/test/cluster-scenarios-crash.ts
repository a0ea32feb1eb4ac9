/**
 * Nodes that die, return, stand still, come and go.
 *
 * @module
 */

import {
  between,
  CLIENTS_S,
  churn,
  crowd,
  FEW,
  FIVE,
  THREE,
  watch,
  type Scenario,
} from './cluster-scenario.ts'
import type { ClusterWorld } from './cluster-world.ts'

/** One client dies shortly before what happens at a time, one cancels after it. */
function someEnd(world: ClusterWorld, aroundS: number): void {
  const [one, other, third] = world.clients
  world.at(between(world, aroundS - 4, aroundS), () => one?.process.crash())
  world.at(between(world, aroundS + 0.5, aroundS + 9), () => other?.process.leave())
  world.at(between(world, aroundS - 2, aroundS + 6), () => third?.process.crash())
}

function settings(world: ClusterWorld, balanced = 0): void {
  crowd(world, { count: 6 + world.pick(FEW - 6), balanced, sessions: 0.8, followers: 0.3 })
  world.startAll()
}

const homeCrash = (name: string, balanced: number): Scenario => ({
  name,
  nodes: THREE,
  endS: 75,
  plan(world) {
    settings(world, balanced)
    watch(world, { endS: 70 })
    someEnd(world, 20)
    world.at(between(world, 19, 21), () => world.crash('A'))
    if (world.chance(0.5)) world.at(between(world, 35, 42), () => world.start('A'))
  },
})

const restart = (name: string, times: { fromS: number; toS: number; disk: boolean }): Scenario => ({
  name,
  nodes: THREE,
  endS: 75,
  plan(world) {
    settings(world, world.pick(2))
    watch(world, { endS: 70 })
    someEnd(world, 20)
    world.at(20, () => {
      world.save('A')
      world.crash('A')
    })
    world.at(20 + between(world, times.fromS, times.toS), () => world.start('A', times.disk))
  },
})

const allRestartDisk: Scenario = {
  name: 'allRestartDisk',
  nodes: THREE,
  endS: 80,
  plan(world) {
    settings(world)
    someEnd(world, 20)
    for (const name of THREE) {
      world.at(between(world, 15, 20), () => world.save(name))
      world.at(20, () => world.crash(name))
      world.at(between(world, 21, 24), () => world.start(name, true))
    }
  },
}

const crashLoop: Scenario = {
  name: 'crashLoop',
  nodes: THREE,
  endS: 95,
  plan(world) {
    settings(world, world.pick(2))
    someEnd(world, 20)
    for (let turn = 0; turn < 6; turn += 1) {
      world.at(20 + 6 * turn, () => world.crash('A'))
      world.at(20 + 6 * turn + between(world, 0.3, 3), () => world.start('A'))
    }
  },
}

const stall: Scenario = {
  name: 'stall',
  nodes: THREE,
  endS: 90,
  plan(world) {
    settings(world, world.pick(2))
    watch(world, { endS: 85 })
    someEnd(world, 20)
    world.at(20, () => world.stall('A', between(world, 500, 30_000)))
    if (world.chance(0.3)) world.at(between(world, 15, 40), () => world.stall('B', 6_000))
  },
}

/** A registration lies in the socket of a node that stands still, while its client lives and ends elsewhere. */
const stallRegister: Scenario = {
  name: 'stallRegister',
  nodes: THREE,
  endS: 80,
  plan(world) {
    settings(world)
    const late = world.addClient('web late', { hasSession: true })
    world.at(19, () => world.stall('A', between(world, 7_000, 24_000)))
    world.at(20, () => late.process.start())
    world.at(between(world, 23, 26), () => late.process.leave())
  },
}

const allStall: Scenario = {
  name: 'allStall',
  nodes: THREE,
  endS: 80,
  plan(world) {
    settings(world)
    someEnd(world, 20)
    for (const name of THREE) {
      world.at(between(world, 20, 21), () => world.stall(name, between(world, 2_000, 12_000)))
    }
  },
}

const graceful: Scenario = {
  name: 'gracefulLeave',
  nodes: THREE,
  endS: 75,
  plan(world) {
    settings(world, world.pick(2))
    watch(world, { endS: 70 })
    someEnd(world, 20)
    world.at(20, () => world.leave('A'))
    if (world.chance(0.6)) {
      world.at(between(world, 24, 34), () => world.start('A', world.chance(0.5)))
    }
  },
}

const rolling: Scenario = {
  name: 'rollingRestart',
  nodes: FIVE,
  endS: 110,
  flapsMax: 0,
  plan(world) {
    crowd(world, { count: FEW, balanced: 0.5, followers: 0.3 })
    world.startAll()
    watch(world, { endS: 105 })
    const gapS = between(world, 6, 9)
    FIVE.forEach((name, turn) => {
      world.at(20 + gapS * turn, () => world.leave(name))
      world.at(20 + gapS * turn + between(world, 1.2, 4), () => world.start(name))
    })
  },
}

/** A node that nobody knew, and that knows one of them. */
const join: Scenario = {
  name: 'join',
  nodes: THREE,
  endS: 75,
  plan(world) {
    settings(world, 0.5)
    watch(world, { endS: 70 })
    const clients = world.clients.slice()
    churn(world, clients, { fromS: 15, toS: 35 })
    world.at(20, () => {
      world.addNode('D')
      world.start('D', false, ['b.test:7400'])
    })
    if (world.chance(0.5)) {
      world.at(between(world, 20, 26), () => {
        world.addNode('E')
        world.start('E', false, ['d.test:7400'])
      })
    }
  },
}

/** A node that does not return is taken out by an operator; what it was home of is gone in time. */
const removed: Scenario = {
  name: 'membersRemove',
  nodes: FIVE,
  endS: 90,
  plan(world) {
    settings(world, 0.5)
    someEnd(world, 20)
    world.at(20, () => world.crash('A'))
    world.at(between(world, 26, 35), () => world.remove('B', 'A'))
    // Three of four are a half and more, two of five would not be.
    world.at(40, () => world.crash('C'))
    if (world.chance(0.4)) world.at(between(world, 45, 55), () => world.start('A'))
  },
}

/** A cluster that comes up again with nothing on disk, and clients that were there before. */
const coldStart: Scenario = {
  name: 'coldStart',
  nodes: THREE,
  endS: 70,
  plan(world) {
    crowd(world, { count: FEW, balanced: 0.5, sessions: 0.8, startS: CLIENTS_S - 5 })
    THREE.forEach((name) => {
      world.at(between(world, 0, 12), () => world.start(name))
    })
    churn(world, world.clients.slice(), { fromS: 15, toS: 30 })
  },
}

export const CRASH_SCENARIOS: readonly Scenario[] = [
  homeCrash('homeCrash', 0),
  homeCrash('homeCrashLB', 1),
  restart('restartQuick', { fromS: 0.3, toS: 4.5, disk: false }),
  restart('restartQuickDisk', { fromS: 0.3, toS: 4.5, disk: true }),
  restart('restartSlow', { fromS: 6, toS: 20, disk: false }),
  restart('restartSlowDisk', { fromS: 6, toS: 20, disk: true }),
  allRestartDisk,
  crashLoop,
  stall,
  stallRegister,
  allStall,
  graceful,
  rolling,
  join,
  removed,
  coldStart,
]
