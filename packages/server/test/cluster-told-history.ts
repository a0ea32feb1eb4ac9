/**
 * Histories as tests of the checkers tell them: two nodes and one instance, of which all goes
 * well that is not said to go otherwise.
 *
 * @module
 */

import { violationsOf } from './cluster-checks.ts'
import {
  History,
  type ClientEvent,
  type Condition,
  type KeyHistory,
  type View,
} from './cluster-history.ts'

export const BOUNDS = { heartbeatMs: 3_000, ttlMs: 9_000 }
export const UP: Condition = { isUp: true, isStalled: false, isReady: true, isIsolated: false }
export const SHOWN: View = { gen: 1, cver: 1, version: 'v1', status: 'up', held: false }

/** Nodes that can talk, and one instance that registers at A at 1 s. All that a test does not say goes well. */
export function setUp(nodes: readonly string[] = ['A', 'B']) {
  const history = new History()
  for (const node of nodes) {
    history.addNode(node)
    history.condition(node).set(0, UP)
    for (const other of nodes) if (other < node) history.path(other, node).set(0, 'direct')
  }
  const key = history.addKey('web k', true)
  history.endMs = 60_000
  say(key, { atMs: 900, process: 1, kind: 'started' })
  for (const views of key.views.values()) views.set(0, undefined)
  return { history, key }
}

export function say(key: KeyHistory, ...events: ClientEvent[]): void {
  key.clientEvents.push(...events)
}

/** Accepted and answered at once. */
export function renew(
  key: KeyHistory,
  node: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): void {
  for (let atMs = fromMs; atMs <= toMs; atMs += 3_000) {
    const fact = { atMs, process: 1, node, op: atMs === fromMs ? 'register' : 'renew' } as const
    say(
      key,
      { ...fact, kind: 'accepted', gen: 1, cver: 1, version: 'v1' },
      { ...fact, kind: 'answered' },
    )
  }
}

export function show(
  key: KeyHistory,
  node: string,
  ...changes: (readonly [number, View | undefined])[]
) {
  for (const [atMs, view] of changes) key.views.get(node)?.set(atMs, view)
}

export function found(history: History, options = {}): string[] {
  return violationsOf(history, { ...BOUNDS, ...options }).map(
    ({ invariant, node }) => `${invariant} at ${node}`,
  )
}

export function crash(key: KeyHistory, atMs: number): void {
  say(key, { atMs, process: 1, kind: 'crashed' })
}
