/**
 * Who can know of something that one node was told: who had a way to somebody who knew, for long
 * enough, and has not ended since. What ends forgets.
 *
 * @module
 */

import type { History } from './cluster-history.ts'

/** A while in which a process of a node can know. */
export interface Knowing {
  readonly node: string
  readonly fromMs: number
  /** When its process ended; infinite where it did not. */
  readonly toMs: number
}

/** All who can know of what a node was told, and until when. `tellMs`: how long a way must be open. */
export function knowing(
  history: History,
  said: { readonly node: string; readonly atMs: number },
  tellMs: number,
): readonly Knowing[] {
  const lives = new Map<string, Knowing>()
  const learn = (node: string, fromMs: number): Knowing | undefined => {
    const toMs = endOf(history, node, fromMs)
    const life = `${node} ${toMs}`
    const known = lives.get(life)
    if (known && known.fromMs <= fromMs) return undefined
    const knows = { node, fromMs, toMs }
    lives.set(life, knows)
    return knows
  }
  const first = learn(said.node, said.atMs)
  const tellers = first ? [first] : []
  for (let teller = tellers.pop(); teller; teller = tellers.pop()) {
    for (const other of history.nodes) {
      if (other === teller.node) continue
      for (const toldMs of toldTimes(history, teller, { other, tellMs })) {
        const told = learn(other, toldMs)
        if (told) tellers.push(told)
      }
    }
  }
  return [...lives.values()]
}

/** When the process that ran on a node at a time ended. */
function endOf(history: History, node: string, atMs: number): number {
  for (const [ms, { isUp }] of history.condition(node).entries()) {
    if (ms > atMs && !isUp) return ms
  }
  return Number.POSITIVE_INFINITY
}

/** Each time by which a way has been open for long enough, while the teller lives. */
function* toldTimes(
  history: History,
  teller: Knowing,
  { other, tellMs }: { readonly other: string; readonly tellMs: number },
): Iterable<number> {
  const path = history.path(teller.node, other)
  const endMs = Math.min(teller.toMs, history.endMs)
  const times = [teller.fromMs, ...path.times.filter((ms) => ms > teller.fromMs && ms < endMs)]
  let openMs: number | undefined
  for (const [at, ms] of times.entries()) {
    openMs = (path.at(ms) ?? 'none') === 'none' ? undefined : (openMs ?? ms)
    const nextMs = times[at + 1] ?? endMs
    if (openMs !== undefined && openMs + tellMs > ms && openMs + tellMs <= nextMs) {
      yield openMs + tellMs
    }
  }
}
