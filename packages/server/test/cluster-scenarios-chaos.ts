/**
 * Everything at once.
 *
 * @module
 */

import { between, churn, crowd, FIVE, FOUR, watch, type Scenario } from './cluster-scenario.ts'
import type { ClusterWorld } from './cluster-world.ts'

const FROM_S = 14
const FAULTS_S = 36

function chaos(
  name: string,
  nodes: readonly string[],
  wanted: { faults: number; skew: boolean },
): Scenario {
  return {
    name,
    nodes,
    endS: 100,
    plan(world) {
      const clients = crowd(world, {
        count: 8 + world.pick(7),
        balanced: world.random(),
        sessions: 0.8,
        followers: 0.3,
      })
      world.startAll()
      watch(world, { endS: 95 })
      churn(world, clients, { fromS: FROM_S, toS: FROM_S + FAULTS_S, everyS: 2 })
      for (let turn = 0; turn < wanted.faults; turn += 1) {
        world.at(between(world, FROM_S, FROM_S + FAULTS_S), () => {
          strike(world, wanted.skew)
        })
      }
      world.at(FROM_S + FAULTS_S + 2, () => {
        world.healAll()
        for (const node of world.nodes.keys()) if (!isThere(world, node)) world.start(node)
      })
    },
  }
}

/** Up, standing still or not. */
function isThere(world: ClusterWorld, node: string): boolean {
  return world.nodes.get(node)?.process?.sim.isDead === false
}

function strike(world: ClusterWorld, skew: boolean): void {
  const nodes = [...world.nodes.keys()]
  const one = nodes[world.pick(nodes.length)] ?? 'A'
  const other = nodes[world.pick(nodes.length)] ?? 'B'
  const dice = world.pick(skew ? 9 : 8)
  if (dice <= 2) strikeLinks(world, { one, other, dice })
  else if (dice <= 4) bounce(world, one)
  else if (dice === 5) world.stall(one, between(world, 500, 12_000))
  else if (dice === 6) leaveAndReturn(world, one)
  else if (dice === 7 && one !== other) world.slow(one, other, between(world, 100, 2_000))
  else if (dice === 8) world.jumpWall(one, between(world, -600_000, 600_000))
}

/** A node is cut off, with its clients or without; a link breaks; one way of it does. */
function strikeLinks(
  world: ClusterWorld,
  { one, other, dice }: { readonly one: string; readonly other: string; readonly dice: number },
): void {
  const rest = [...world.nodes.keys()].filter((name) => name !== one)
  const targets = dice === 0 ? rest : [other]
  const isWithClients = dice === 0 && world.chance(0.5)
  const cut = isWithClients ? [...targets, 'clients'] : targets
  world.cut([one], cut, dice !== 2)
  world.queue.after(between(world, 1_000, 20_000), () => {
    world.heal([one], cut)
  })
}

function bounce(world: ClusterWorld, node: string): void {
  if (!world.isUp(node)) return
  const withDisk = world.chance(0.5)
  if (withDisk) world.save(node)
  world.crash(node)
  world.queue.after(between(world, 300, 18_000), () => {
    if (!isThere(world, node)) world.start(node, withDisk)
  })
}

function leaveAndReturn(world: ClusterWorld, node: string): void {
  world.leave(node)
  world.queue.after(between(world, 1_500, 12_000), () => {
    if (!isThere(world, node)) world.start(node, world.chance(0.5))
  })
}

/** Chaos among as many nodes as wanted; every three nodes meet some seven faults. */
export function chaosAmong(count: number): Scenario {
  const nodes = Array.from({ length: count }, (_, at) => String.fromCodePoint(A + at))
  return chaos(`chaos${count}`, nodes, { faults: 2 + 2 * count, skew: true })
}

const A = 65

export const CHAOS_SCENARIOS: readonly Scenario[] = [
  chaos('chaos', FOUR, { faults: 6, skew: false }),
  chaosAmong(FIVE.length),
]
