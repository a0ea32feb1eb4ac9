/**
 * What the scenarios of the ablation look at, besides the invariants.
 *
 * @module
 */

import { isServing, type History } from './cluster-history.ts'
import { crowd } from './cluster-scenario.ts'
import type { Violation } from './cluster-violation.ts'
import type { Client, ClusterWorld } from './cluster-world.ts'

/** Says what is wrong, unless all is as it should be. */
export function unless(isSo: boolean, what: string): Violation[] {
  return isSo ? [] : [{ invariant: 'scenario', atMs: 0, what }]
}

/** How many instances a node shows at a time. */
export function shownAt(history: History, node: string, atS: number): number {
  const views = [...history.keys.values()].map((one) => one.views.get(node)?.at(atS * 1_000))
  return views.filter(Boolean).length
}

/** Whether a node shows a key at a time. */
export function isShown(
  history: History,
  key: string,
  [node, atMs]: readonly [string, number],
): boolean {
  return history.keys.get(key)?.views.get(node)?.at(atMs) !== undefined
}

/** Whether a node answers in a while, but with nothing. */
export function servesNothing(
  history: History,
  node: string,
  [fromS, toS]: readonly [number, number],
): boolean {
  for (let atS = fromS; atS < toS; atS += 0.1) {
    const isServed = isServing(history.condition(node).at(atS * 1_000))
    if (isServed && shownAt(history, node, atS) === 0) return true
  }
  return false
}

/** Whether a node ceased to show anything in a while. */
export function anyGone(
  history: History,
  node: string,
  [fromS, toS]: readonly [number, number],
): boolean {
  return [...history.keys.values()].some(({ views }) =>
    [...(views.get(node)?.entries() ?? [])].some(
      ([ms, view]) => !view && ms > fromS * 1_000 && ms < toS * 1_000,
    ),
  )
}

/** Clients that stay with one node each. */
export function settled(world: ClusterWorld, count: number, at?: string): Client[] {
  const clients = crowd(world, { count, ...(at !== undefined && { at }) })
  world.startAll()
  return clients
}
