/**
 * Which nodes can talk with each other, in both directions and how, from what the simulation
 * did to links and processes.
 *
 * @module
 */

import type { Links } from '../src/testing/simulation/links.ts'
import { isRunning, isServing, type History, type Path } from './cluster-history.ts'
import type { Timeline } from './cluster-timeline.ts'

/** Notes the paths between all nodes as they are now. */
export function notePaths(history: History, links: Links, nowMs: number): void {
  const { nodes } = history
  const runs = new Map(nodes.map((node) => [node, isRunning(history.condition(node).last)]))
  const isDirect = (one: string, other: string) =>
    runs.get(one) === true && runs.get(other) === true && links.isOpen(one, other)
  const pathOf = (one: string, other: string): Path => {
    if (isDirect(one, other)) return 'direct'
    // Who only learns itself passes nothing on.
    const isJoined = nodes.some((third) => {
      const isBetween = third !== one && third !== other && isDirect(one, third)
      return isBetween && isDirect(third, other) && isServing(history.condition(third).last)
    })
    return isJoined && runs.get(one) === true && runs.get(other) === true ? 'third' : 'none'
  }
  for (const [at, one] of nodes.entries()) {
    for (const other of nodes.slice(at + 1)) {
      history.path(one, other).set(nowMs, pathOf(one, other))
    }
  }
}

/** The longest while within a span in which two nodes could talk. */
export function longestMs(
  path: Timeline<Path>,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): number {
  let longest = 0
  let sinceMs = (path.at(fromMs) ?? 'none') === 'none' ? undefined : fromMs
  for (const ms of [...path.times.filter((each) => each > fromMs && each < toMs), toMs]) {
    if (sinceMs !== undefined) longest = Math.max(longest, ms - sinceMs)
    sinceMs = path.at(ms) === 'none' ? undefined : (sinceMs ?? ms)
  }
  return longest
}
