/**
 * Many instances: protection over several homes, tables that take pages, queues that overflow,
 * and records that grow old.
 *
 * @module
 */

import { OUTBOX_MAX } from '../src/instances/replication/constants.ts'
import { CALM } from '../src/testing/simulation/links.ts'
import { BULK } from './cluster-final.ts'
import { isServing, type History } from './cluster-history.ts'
import { between, churn, crowd, THREE, type Scenario } from './cluster-scenario.ts'
import type { Violation } from './cluster-violation.ts'
import type { Client, ClusterWorld } from './cluster-world.ts'

const MANY = 40

/** The least and the most that any serving node showed of a service in a while. */
function shownBetween(
  history: History,
  { fromS, toS }: { readonly fromS: number; readonly toS: number },
): { readonly least: number; readonly most: number } {
  let least = Number.POSITIVE_INFINITY
  let most = 0
  for (let atMs = fromS * 1_000; atMs <= toS * 1_000; atMs += 250) {
    for (const node of history.nodes) {
      if (!isServing(history.condition(node).at(atMs))) continue
      const views = [...history.keys.values()].map(({ views }) => views.get(node)?.at(atMs))
      const shown = views.filter(Boolean).length
      least = Math.min(least, shown)
      most = Math.max(most, shown)
    }
  }
  return { least, most }
}

function anyHeld(history: History, node?: string): boolean {
  return [...history.keys.values()].some(({ views }) =>
    [...views].some(([name, each]) => {
      return (node ?? name) === name && [...each.entries()].some(([, view]) => view?.held === true)
    }),
  )
}

function unless(isSo: boolean, what: string): Violation[] {
  return isSo ? [] : [{ invariant: 'scenario', atMs: 0, what }]
}

/** P1: the network in front of the nodes fails. Nearly all renewals stop; nearly all instances stay, and come back. */
const frontFails: Scenario = {
  name: 'protectFrontFails',
  nodes: THREE,
  endS: 90,
  plan(world) {
    crowd(world, { count: MANY, balanced: 0.5 })
    world.startAll()
    world.at(20, () => world.cut(['clients'], THREE))
    world.at(55, () => world.healAll())
  },
  check: (history) => {
    // Each of three homes lets go what looks like a small loss, before it sees that it is large.
    const { least } = shownBetween(history, { fromS: 20, toS: 55 })
    const { least: after } = shownBetween(history, { fromS: 66, toS: 90 })
    return [
      ...unless(least >= MANY - 3 * 6 - 3, `only ${least} of ${MANY} were kept`),
      ...unless(anyHeld(history), 'nothing was held'),
      ...unless(after === MANY, `only ${after} of ${MANY} came back`),
    ]
  },
}

/** P2: a deployment kills the old and starts as many new, at each home as many as it loses: no loss, nobody is held. */
const crashDeploy: Scenario = {
  name: 'protectCrashDeploy',
  nodes: THREE,
  endS: 70,
  plan(world) {
    const old = crowd(world, { count: 20, prefix: 'old' })
    world.startAll()
    crowd(world, { count: 20, prefix: 'new', startS: 21 })
    for (const client of old) world.at(between(world, 22, 25), () => client.process.crash())
  },
  check: (history) => unless(!anyHeld(history), 'something was held although as many came'),
}

/** P3: three of twelve, as when a machine dies, leave at once. */
const smallLoss: Scenario = {
  name: 'protectSmallLoss',
  nodes: THREE,
  endS: 60,
  plan(world) {
    const clients = crowd(world, { count: 12, balanced: 0.5 })
    world.startAll()
    for (const client of clients.slice(0, 3)) world.at(20, () => client.process.crash())
  },
  check: (history) => unless(!anyHeld(history), 'something was held of a small loss'),
}

/** P5: a rack dies with a node in it: what that node was home of is hidden, whatever share it is. */
const rackDies: Scenario = {
  name: 'protectRackDies',
  nodes: THREE,
  endS: 75,
  plan(world) {
    const clients = crowd(world, { count: 30 })
    world.startAll()
    world.at(20, () => {
      world.crash('A')
      for (const [at, { process }] of clients.entries()) if (at % 3 === 0) process.crash()
    })
  },
  check: (history) => {
    const { most } = shownBetween(history, { fromS: 50, toS: 75 })
    return unless(most === 20, `${most} are shown, 20 live`)
  },
}

/** P6: the held who renew are held no more, though their home dies meanwhile. */
const heldReturn: Scenario = {
  name: 'protectHomeDies',
  nodes: THREE,
  endS: 95,
  plan(world) {
    crowd(world, { count: MANY, balanced: 0.3 })
    world.startAll()
    world.at(20, () => world.cut(['clients'], THREE))
    world.at(between(world, 32, 38), () => world.crash('A'))
    world.at(48, () => world.healAll())
    if (world.chance(0.5)) world.at(52, () => world.start('A'))
  },
  check: (history) => {
    const { least } = shownBetween(history, { fromS: 65, toS: 95 })
    const isHeld = [...history.keys.values()].some(({ views }) =>
      [...views.values()].some((view) => view.last?.held === true),
    )
    return [
      ...unless(least === MANY, `only ${least} of ${MANY} are back`),
      ...unless(!isHeld, 'something is still held'),
    ]
  },
}

/** Registers instances at a node that nobody renews: their ttl is a day. */
function fill(world: ClusterWorld, node: string, count: number): void {
  const plane = world.nodes.get(node)?.process?.plane
  for (let at = 0; at < count; at += 1) {
    const ref = { env: 'default', service: `${BULK}${at % 20}`, zone: 'z1', id: `b${at}` }
    plane?.register({ ref, facts: { addresses: ['http://10.0.0.1:80'], ttlMs: 86_400_000 } })
  }
}

/** A node joins a cluster whose table takes many pages, while clients come and go. */
const bigJoin: Scenario = {
  name: 'bigJoin',
  isLong: true,
  nodes: THREE,
  endS: 60,
  weather: CALM,
  plan(world) {
    const clients = crowd(world, { count: 9, balanced: 0.5 })
    world.startAll()
    world.at(10, () => {
      fill(world, 'A', 4_000)
    })
    churn(world, clients, { fromS: 14, toS: 30, everyS: 1 })
    world.at(20, () => {
      world.addNode('D')
      world.start('D', false, ['c.test:7400'])
    })
  },
  check: (history) => unless(recordsAtEnd(history, 'D') >= 4_000, 'D has not learnt everything'),
}

function recordsAtEnd({ finals }: History, node: string): number {
  return finals.at(-1)?.sizes.get(node) ?? 0
}

/** A peer takes nothing while more changes than an outbox holds: it is synced after. */
const overflow: Scenario = {
  name: 'overflow',
  isLong: true,
  nodes: THREE,
  endS: 70,
  weather: CALM,
  plan(world) {
    crowd(world, { count: 6 })
    world.startAll()
    world.at(12, () => {
      world.fill('A', 'C')
      world.fill('B', 'C')
    })
    world.at(12.5, () => {
      fill(world, 'A', OUTBOX_MAX + 500)
    })
    world.at(20, () => world.healAll())
  },
  check: (history) => {
    return unless(recordsAtEnd(history, 'C') >= OUTBOX_MAX + 500, 'C has not learnt everything')
  },
}

const HOUR_S = 3_600

/** Records outlive the horizon by being refreshed; a node that restarts after hours learns all of them. */
const oldRecord: Scenario = {
  name: 'oldRecord',
  isLong: true,
  nodes: THREE,
  endS: 2.3 * HOUR_S,
  heartbeatMs: 30_000,
  ttlMs: 90_000,
  plan(world) {
    const clients = crowd(world, { count: 5, balanced: 0.4 })
    world.startAll()
    rest(world, clients)
    world.at(2.2 * HOUR_S, () => world.crash('C'))
    world.at(2.2 * HOUR_S + between(world, 1, 60), () => world.start('C'))
  },
}

/** A partition outlives the horizon: nothing that ended meanwhile comes back. */
const longPart: Scenario = {
  name: 'longPart',
  isLong: true,
  nodes: THREE,
  endS: 2.4 * HOUR_S,
  heartbeatMs: 30_000,
  ttlMs: 90_000,
  plan(world) {
    const clients = crowd(world, { count: 6, balanced: 0.4 })
    world.startAll()
    rest(world, clients.slice(3))
    world.at(300, () => world.cut(['C'], ['A', 'B', 'clients']))
    for (const client of clients.slice(0, 3)) {
      world.at(between(world, 320, 900), () => client.process.leave())
    }
    world.at(between(world, 2.1, 2.3) * HOUR_S, () => world.healAll())
  },
}

/** Something small now and then. */
function rest(world: ClusterWorld, clients: readonly Client[]): void {
  churn(world, clients.slice(0, 2), { fromS: 100, toS: 2 * HOUR_S, everyS: 900 })
}

export const SIZE_SCENARIOS: readonly Scenario[] = [
  frontFails,
  crashDeploy,
  smallLoss,
  rackDies,
  heldReturn,
  bigJoin,
  overflow,
  oldRecord,
  longPart,
]
