/**
 * Small scenarios of nodes that die, stand still, start and join, each so that one rule decides how
 * it ends. Nothing is lost or late by chance: what fails, fails for the rule.
 *
 * @module
 */

import { keyOf } from '../src/instances/digest.ts'
import { CALM } from '../src/testing/simulation/links.ts'
import { anyGone, isShown, servesNothing, settled, unless } from './cluster-ablation-seen.ts'
import { THREE, type Scenario } from './cluster-scenario.ts'

/** Every loop stands still, for less than would be taken for a death, when renewals are due. */
export const shortStalls: Scenario = {
  name: 'shortStalls',
  nodes: THREE,
  endS: 60,
  weather: CALM,
  plan(world) {
    settled(world, 6)
    world.at(16.5, () => world.cut(['clients'], THREE))
    world.at(20, () => {
      for (const name of THREE) world.stall(name, 4_900)
      world.healAll()
    })
  },
  check: (history) =>
    unless(
      !THREE.some((node) => anyGone(history, node, [15, 60])),
      'renewals that lay in the socket came too late',
    ),
}

/** Two hours and a half go by in a minute: all wall clocks jump, and everybody goes on renewing; then a node starts anew. */
export const hoursPass: Scenario = {
  name: 'hoursPass',
  nodes: THREE,
  endS: 95,
  weather: CALM,
  plan(world) {
    settled(world, 6)
    for (let turn = 0; turn < 11; turn += 1) {
      // Less than what makes a node doubt its clock while messages of before are on their way.
      world.at(12 + 5 * turn, () => {
        for (const name of THREE) world.jumpWall(name, 14 * 60_000)
      })
    }
    world.at(70, () => world.crash('C'))
    world.at(71, () => world.start('C'))
  },
}

/** A node dies the moment that its client has been told that it is cancelled. */
export const cancelledThenDead: Scenario = {
  name: 'cancelledThenDead',
  nodes: THREE,
  endS: 50,
  weather: CALM,
  plan(world) {
    const clients = settled(world, 8, 'A')
    const [one] = clients
    const crashOnceToldSo = () => {
      if (one?.history.clientEvents.some(({ kind }) => kind === 'left') === true) world.crash('A')
      else world.queue.after(0.2, crashOnceToldSo)
    }
    world.at(20.1, () => {
      // The others make what there is to tell wait for the next batch.
      for (const { process } of clients) process.leave()
      crashOnceToldSo()
    })
  },
  check: (history) =>
    unless(
      !isShown(history, 'web k0', ['B', 23_000]) && !isShown(history, 'web k0', ['C', 23_000]),
      'a cancel that was answered is lost',
    ),
}

/** A node is back shortly before the others hide what its last life was home of; one of that is dead. */
export const backWithDisk: Scenario = {
  name: 'backWithDisk',
  nodes: THREE,
  endS: 70,
  weather: CALM,
  plan(world) {
    const [dead] = settled(world, 3, 'A')
    world.at(15, () => world.save('A'))
    world.at(15.5, () => dead?.process.crash())
    world.at(16, () => world.crash('A'))
    world.at(28, () => world.start('A', true))
  },
  check: (history) =>
    unless(!isShown(history, 'web k0', ['A', 33_000]), 'A shows from its disk what the others hid'),
}

/** The same of a node that stood still, and still has its table. */
export const backFromStall: Scenario = {
  name: 'backFromStall',
  nodes: THREE,
  endS: 70,
  weather: CALM,
  plan(world) {
    const [dead] = settled(world, 3, 'A')
    world.at(15.5, () => dead?.process.crash())
    world.at(16, () => world.stall('A', 12_000))
  },
  check: (history) =>
    unless(!isShown(history, 'web k0', ['A', 33_000]), 'A shows what the others hid'),
}

/** A node has forgotten an end that the others remember, as when it has too many to keep. */
export const forgetful: Scenario = {
  name: 'forgetful',
  nodes: THREE,
  endS: 70,
  weather: CALM,
  plan(world) {
    const [one] = settled(world, 3, 'A')
    world.at(15, () => one?.process.leave())
    world.at(20, () => {
      const core = world.nodes.get('C')?.process?.plane.core
      for (const entry of core?.table.entries() ?? [])
        if (keyOf(entry).id === 'k0') core?.drop(entry)
    })
  },
}

/** Two nodes start again at once, and one of them is reached by the third only after a while. */
export const bootTogether: Scenario = {
  name: 'bootTogether',
  nodes: THREE,
  endS: 60,
  weather: CALM,
  plan(world) {
    settled(world, 6, 'A')
    world.at(20, () => {
      world.crash('B')
      world.crash('C')
      world.slow('A', 'B', 2_500)
      world.slow('A', 'C', 2_500)
    })
    world.at(21, () => {
      world.start('B')
      world.start('C')
    })
    world.at(30, () => world.healAll())
  },
  check: (history) =>
    unless(!servesNothing(history, 'B', [21, 30]), 'B serves what a peer told that has nothing'),
}

/** A node starts, and what its peers tell takes a second. */
export const slowBoot: Scenario = {
  name: 'slowBoot',
  nodes: THREE,
  endS: 60,
  weather: CALM,
  plan(world) {
    settled(world, 6, 'A')
    world.at(20, () => {
      world.crash('C')
      world.slow('A', 'C', 1_000)
      world.slow('B', 'C', 1_000)
    })
    world.at(21, () => world.start('C'))
    world.at(35, () => world.healAll())
  },
  check: (history) => unless(!servesNothing(history, 'C', [21, 35]), 'C serves before it knows'),
}

/** A node joins shortly before the others hide what one that died was home of. */
export const joinsTheBereaved: Scenario = {
  name: 'joinsTheBereaved',
  nodes: THREE,
  endS: 60,
  weather: CALM,
  plan(world) {
    const [dead] = settled(world, 3, 'A')
    world.at(15.5, () => dead?.process.crash())
    world.at(16, () => world.crash('A'))
    world.at(28, () => {
      world.addNode('D')
      world.start('D', false, ['c.test:7400'])
    })
  },
  check: (history) =>
    unless(!isShown(history, 'web k0', ['D', 34_000]), 'D shows what the others hid'),
}

/** A registration overtakes nothing: it arrives when its home has a later life already. */
export const lateRegistration: Scenario = {
  name: 'lateRegistration',
  nodes: THREE,
  endS: 80,
  weather: CALM,
  plan(world) {
    settled(world, 3, 'B')
    const one = world.addClient('web late')
    world.at(19, () => world.slow('A', 'C', 3_000))
    world.at(20, () => one.process.start())
    world.at(20.05, () => one.process.crash())
    world.at(20.1, () => world.crash('A'))
    world.at(20.4, () => world.start('A'))
    world.at(30, () => world.healAll())
  },
}

/** A node starts alone from a disk that was written when something was hidden. */
export const aloneWithDisk: Scenario = {
  name: 'aloneWithDisk',
  nodes: THREE,
  endS: 70,
  weather: CALM,
  plan(world) {
    const [dead] = settled(world, 3, 'A')
    world.at(15.5, () => dead?.process.crash())
    world.at(16, () => world.crash('A'))
    world.at(32, () => world.save('C'))
    world.at(33, () => {
      world.crash('B')
      world.crash('C')
    })
    world.at(34, () => world.start('C', true))
  },
  check: (history) =>
    unless(!isShown(history, 'web k0', ['C', 42_000]), 'C shows from its disk what it had hidden'),
}

/** A record arrives when its home has been lost for a while. */
export const lateRecord: Scenario = {
  name: 'lateRecord',
  nodes: THREE,
  endS: 70,
  weather: CALM,
  plan(world) {
    settled(world, 3, 'B')
    const one = world.addClient('web late')
    world.at(19, () => world.slow('A', 'C', 10_500))
    world.at(20, () => one.process.start())
    world.at(20.05, () => one.process.crash())
    world.at(20.1, () => world.crash('A'))
    world.at(35, () => world.healAll())
  },
  check: (history) =>
    unless(!isShown(history, 'web late', ['C', 37_000]), 'C shows for long what the others hid'),
}

/** A registration lies in the socket of a node that stands still; its client registers elsewhere, and leaves. */
export const lateRequest: Scenario = {
  name: 'lateRequest',
  nodes: THREE,
  endS: 50,
  weather: CALM,
  plan(world) {
    settled(world, 3, 'B')
    const late = world.addClient('web late')
    world.at(19, () => world.stall('A', 4_500))
    world.at(19.5, () => late.process.start())
    world.at(21.5, () => late.process.leave())
  },
  check: (history) =>
    unless(!isShown(history, 'web late', ['B', 26_000]), 'a client that has left is back'),
}

/** A node stands still for so long that the others hide what it was home of; one of that is dead. */
export const longStall: Scenario = {
  name: 'longStall',
  nodes: THREE,
  endS: 70,
  weather: CALM,
  plan(world) {
    const [dead] = settled(world, 3, 'A')
    world.at(15.5, () => dead?.process.crash())
    world.at(16, () => world.stall('A', 16_000))
  },
  check: (history) =>
    unless(
      !isShown(history, 'web k0', ['A', 35_000]) && !isShown(history, 'web k0', ['B', 35_000]),
      'A vouches for what died while it stood still',
    ),
}
