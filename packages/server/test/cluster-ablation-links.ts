/**
 * Small scenarios of links that break and clocks that go wrong, each so that one rule decides how
 * it ends. Nothing is lost or late by chance: what fails, fails for the rule.
 *
 * @module
 */

import { CALM } from '../src/testing/simulation/links.ts'
import { anyGone, isShown, settled, shownAt, unless } from './cluster-ablation-seen.ts'
import { crowd, THREE, type Scenario } from './cluster-scenario.ts'

const TWO = ['A', 'B'] as const

/** A link breaks again and again, each time a little longer than what counts as a loss. */
export const flappingLink: Scenario = {
  name: 'flappingLink',
  nodes: THREE,
  endS: 90,
  weather: CALM,
  plan(world) {
    const [dead] = settled(world, 3, 'A')
    world.at(19.5, () => dead?.process.crash())
    for (let turn = 0; turn < 6; turn += 1) {
      world.at(20 + 7 * turn, () => world.cut(['A'], ['B', 'C']))
      world.at(26 + 7 * turn, () => world.heal(['A'], ['B', 'C']))
    }
  },
}

/** A renewal is the last of its client, and cannot be brought home. */
export const lastRenewal: Scenario = {
  name: 'lastRenewal',
  nodes: THREE,
  endS: 60,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 3, 'A')
    world.at(14, () => one?.process.moveTo('B'))
    world.at(20, () => world.cut(['A'], ['B', 'C']))
    const dieAfterRenewal = () => {
      const last = one?.history.clientEvents.at(-1)
      if (last?.kind === 'accepted' && last.op === 'renew') one?.process.crash()
      else world.queue.after(1, dieAfterRenewal)
    }
    world.at(20.001, dieAfterRenewal)
    world.at(40, () => world.healAll())
  },
  check: (history) => {
    const events = history.keys.get('web k0')?.clientEvents ?? []
    const renewedMs = events.findLast(({ kind }) => kind === 'accepted')?.atMs ?? 0
    return unless(
      !isShown(history, 'web k0', ['B', renewedMs + 10_500]),
      'B gave it more than a ttl',
    )
  },
}

/** A renewal is on its way home when home is lost; the next comes half a minute later. */
export const renewalUnderWay: Scenario = {
  name: 'renewalUnderWay',
  nodes: THREE,
  endS: 150,
  heartbeatMs: 30_000,
  ttlMs: 90_000,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 2, 'A')
    world.at(40, () => one?.process.moveTo('B'))
    const cutWhenDue = () => {
      const last = one?.history.clientEvents.at(-1)
      if (last?.kind === 'answered' && last.node === 'B') {
        world.queue.after(28_000, () => world.cut(['A'], ['B', 'C']))
      } else world.queue.after(10, cutWhenDue)
    }
    world.at(40, cutWhenDue)
  },
  check: (history) => {
    const cutMs = history.faults.at(-1)?.atMs ?? 0
    const one = history.keys.get('web k0')
    const isRenewed = one?.clientEvents.some(
      ({ kind, atMs }) => kind === 'accepted' && atMs > cutMs && atMs < cutMs + 8_000,
    )
    const home = one?.homes.get('B')?.at(cutMs + 8_000)
    return unless(
      !isRenewed || home?.startsWith('B') === true,
      `B knows it lives, its home is ${home ?? 'none'}`,
    )
  },
}

/** A link is broken for longer than tombstones are kept, and somebody has left meanwhile. */
export const forgottenTombstone: Scenario = {
  name: 'forgottenTombstone',
  nodes: TWO,
  endS: 2.1 * 3_600,
  heartbeatMs: 60_000,
  ttlMs: 180_000,
  weather: CALM,
  plan(world) {
    const clients = settled(world, 2, 'A')
    world.at(100, () => world.cut(['A'], ['B']))
    world.at(130, () => clients[0]?.process.leave())
    world.at(2.05 * 3_600, () => world.healAll())
  },
}

/** Nobody can be heard at a node: it keeps what it knew. */
export const cutOff: Scenario = {
  name: 'cutOff',
  nodes: THREE,
  endS: 75,
  weather: CALM,
  plan(world) {
    settled(world, 6, 'A')
    world.at(20, () => world.cut(['C'], ['A', 'B', 'clients']))
    world.at(50, () => world.healAll())
  },
  check: (history) =>
    unless(shownAt(history, 'C', 49) === 6, 'C has hidden what it cannot hear of'),
}

/** A node has hidden what it could not hear of, which was cancelled, and is then cut off itself. */
export const cutOffLater: Scenario = {
  name: 'cutOffLater',
  nodes: ['A', 'B', 'C', 'D'],
  endS: 80,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 4, 'A')
    world.at(20, () => world.cut(['A', 'B'], ['C', 'D']))
    world.at(22, () => one?.process.leave())
    world.at(37, () => world.cut(['C'], ['D']))
    world.at(50, () => world.healAll())
  },
  check: (history) =>
    unless(!isShown(history, 'web k0', ['C', 48_000]), 'C shows again what it had hidden'),
}

/** Four nodes in two halves: neither side is cut off, both hide. */
export const twoHalves: Scenario = {
  name: 'twoHalves',
  nodes: ['A', 'B', 'C', 'D'],
  endS: 75,
  weather: CALM,
  flapsMax: 0,
  plan(world) {
    settled(world, 8)
    world.at(20, () => world.cut(['A', 'B'], ['C', 'D']))
    world.at(45, () => world.healAll())
  },
}

/** What was hidden was cancelled meanwhile; its home is first heard of through another. */
export const healedHalfway: Scenario = {
  name: 'healedHalfway',
  nodes: ['A', 'B', 'C', 'D'],
  endS: 80,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 4, 'A')
    world.at(20, () => world.cut(['A', 'B'], ['C', 'D']))
    world.at(25, () => one?.process.leave())
    world.at(45, () => world.heal(['B'], ['C', 'D']))
    world.at(60, () => world.healAll())
  },
}

/** A home that ended an instance while it was cut off is back at one node, by a slow link; the others ask that one. */
export const backAtOne: Scenario = {
  name: 'backAtOne',
  nodes: ['A', 'B', 'C', 'D'],
  endS: 80,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 4, 'B')
    world.at(19.5, () => one?.process.crash())
    world.at(20, () => world.cut(['B'], ['A', 'C', 'D']))
    // So that what waits for it in an outbox is lost, and a sync must tell it.
    world.at(24, () => world.crash('C'))
    world.at(26, () => world.start('C'))
    world.at(38, () => {
      world.heal(['B'], ['C'])
      world.slow('B', 'C', 600)
      world.slow('C', 'B', 600)
    })
    world.at(60, () => world.healAll())
  },
}

/** Each node reaches the next only: its beats take three steps to the other end. */
export const chain: Scenario = {
  name: 'chain',
  nodes: ['A', 'B', 'C', 'D'],
  endS: 75,
  weather: CALM,
  plan(world) {
    settled(world, 4)
    world.at(20, () => {
      world.cut(['A'], ['C', 'D'])
      world.cut(['B'], ['D'])
    })
    world.at(50, () => world.healAll())
  },
  check: (history) => unless(shownAt(history, 'A', 49) === 4, 'A thinks that D is lost'),
}

/** A home is deaf and evicts; a renewal that it has not heard of is younger than a ttl elsewhere. */
export const deafHome: Scenario = {
  name: 'deafHome',
  nodes: THREE,
  endS: 70,
  heartbeatMs: 7_000,
  weather: CALM,
  plan(world) {
    settled(world, 6, 'A')
    world.at(27, () => {
      world.cut(['B', 'C'], ['A'], false)
      for (const { process } of world.clients) process.moveTo('B')
    })
    world.at(50, () => world.healAll())
  },
  check: (history) =>
    unless(!anyGone(history, 'B', [25, 70]), 'B lets an eviction undo what it knows'),
}

/** The same with heartbeats so far apart that home evicts after a third of a ttl, and before the next. */
export const deafHomeClaimed: Scenario = {
  ...deafHome,
  name: 'deafHomeClaimed',
  heartbeatMs: 5_000,
  flapsMax: 0,
}

/** A node that was cut off hears of the last beats of one that died meanwhile. */
export const lateBeats: Scenario = {
  name: 'lateBeats',
  nodes: THREE,
  endS: 80,
  weather: CALM,
  plan(world) {
    const [dead] = settled(world, 3, 'A')
    world.at(17, () => dead?.process.crash())
    world.at(18, () => world.cut(['C'], ['A', 'B']))
    world.at(20, () => world.crash('A'))
    world.at(40, () => world.healAll())
  },
  check: (history) =>
    unless(
      !isShown(history, 'web k0', ['C', 44_000]),
      'C takes a node that died for one that lives',
    ),
}

/** A client says something new at a node that is cut off, and goes to another. */
export const newContentElsewhere: Scenario = {
  name: 'newContentElsewhere',
  nodes: THREE,
  endS: 70,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 3, 'A')
    world.at(20, () => world.cut(['A'], ['B', 'C']))
    world.at(21, () => one?.process.change('v2'))
    world.at(22, () => one?.process.moveTo('B'))
    world.at(40, () => world.healAll())
  },
  check: (history) => {
    const view = history.keys.get('web k0')?.views.get('B')?.at(30_000)
    return unless(view?.version === 'v2', `B shows ${view?.version ?? 'nothing'}, it renews as v2`)
  },
}

/** A client says something at a node that is cut off and whose clock is ahead, and something else at another. */
export const twoClocks: Scenario = {
  name: 'twoClocks',
  nodes: THREE,
  endS: 75,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 3, 'A')
    world.jumpWall('A', 300_000)
    world.at(20, () => world.cut(['A'], ['B', 'C']))
    world.at(21, () => one?.process.change('v2'))
    world.at(22, () => one?.process.moveTo('B'))
    world.at(23, () => one?.process.change('v3'))
    world.at(30, () => world.healAll())
  },
}

/** An operator patches at a node that cannot know what the client has just said elsewhere. */
export const patchedElsewhere: Scenario = {
  name: 'patchedElsewhere',
  nodes: THREE,
  endS: 75,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 3, 'A')
    world.at(20, () => world.cut(['A'], ['B', 'C']))
    world.at(21, () => one?.process.change('v2'))
    world.at(22, () => one && world.weigh(one, 'C', 7))
    world.at(23, () => world.healAll())
  },
}

/** A clock is ahead: what was claimed by it has a later version than the cancel that follows. */
export const claimedAhead: Scenario = {
  name: 'claimedAhead',
  nodes: THREE,
  endS: 70,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 3, 'B')
    world.jumpWall('A', 30_000)
    world.at(16, () => one?.process.moveTo('A'))
    world.at(20, () => world.cut(['A'], ['B', 'C']))
    world.at(26.5, () => one?.process.moveTo('B'))
    world.at(27, () => one?.process.leave())
    world.at(28, () => world.healAll())
  },
}

/** A clock was a day ahead for a moment; later another is a little behind. */
export const infected: Scenario = {
  name: 'infected',
  nodes: THREE,
  endS: 60,
  weather: CALM,
  plan(world) {
    settled(world, 3, 'B')
    const one = world.addClient('web one', { hasSession: false })
    const aheadMs = 23.9 * 3_600_000
    world.at(20, () => {
      world.jumpWall('A', aheadMs)
      one.process.start()
    })
    world.at(20.1, () => world.jumpWall('A', -aheadMs))
    world.at(25, () => world.jumpWall('C', -600_000))
    crowd(world, { count: 3, prefix: 'late', at: 'B', startS: 28 })
  },
}

/** More changes than an outbox holds, while their receiver takes none for a moment. */
export const tooManyChanges: Scenario = {
  name: 'tooManyChanges',
  nodes: THREE,
  endS: 50,
  weather: CALM,
  plan(world) {
    settled(world, 3, 'A')
    world.at(22, () => {
      world.fill('A', 'C')
      world.fill('B', 'C')
    })
    crowd(world, { count: 24, prefix: 'late', at: 'A', startS: 22 })
    world.at(26, () => world.healAll())
  },
  check: (history) => unless(shownAt(history, 'C', 27) === 27, 'C has not learnt what overflowed'),
}

/** A link is broken before anybody could use it; all that two nodes say goes through the third. */
export const startBehindCut: Scenario = {
  name: 'startBehindCut',
  nodes: THREE,
  endS: 60,
  weather: CALM,
  plan(world) {
    world.cut(['A'], ['C'])
    settled(world, 6, 'A')
    crowd(world, { count: 3, prefix: 'late', startS: 20 })
  },
}
