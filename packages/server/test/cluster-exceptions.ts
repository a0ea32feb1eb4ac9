/**
 * What the specification states as exceptions to its invariants, each with its reason. A
 * violation that one of these explains is counted and not failed; each may explain a
 * hundredth of the runs at most.
 *
 * @module
 */

import type { History } from './cluster-history.ts'
import { knowing } from './cluster-knowledge.ts'
import { longestMs } from './cluster-paths.ts'
import type { Violation } from './cluster-violation.ts'

export interface Exception {
  readonly name: string
  readonly reason: string
  readonly explains: (violation: Violation, history: History) => boolean
}

/** So long does it take to reach a peer for certain. */
const SHIPPED_MS = 1_000

/** Whether nobody lived any more who could know of something: who took it, and all whom they could tell, had ended. */
function whoKnewDied({ said, atMs }: Violation, history: History): boolean {
  if (!said) return false
  return knowing(history, said, SHIPPED_MS).every(
    ({ fromMs, toMs }) => fromMs > atMs || toMs <= atMs,
  )
}

/** Whether for a moment after something was said no node was there that could remember it. */
function nobodyWasLeft({ said, atMs }: Violation, history: History): boolean {
  if (!said) return false
  const conditions = history.nodes.map((node) => history.condition(node))
  return conditions
    .flatMap(({ times }) => times)
    .some(
      (ms) =>
        ms > said.atMs &&
        ms < atMs &&
        conditions.every((condition) => {
          const now = condition.at(ms)
          return now?.isUp !== true || !(now.isReady || now.isStalled)
        }),
    )
}

/** Whether something was shown for a moment, soon after the way to any who knew better was open again. */
function cameByAnotherWay(violation: Violation, history: History): boolean {
  const { said, node, atMs, toMs = Number.POSITIVE_INFINITY } = violation
  if (!said || node === undefined || toMs - atMs > MOMENT_MS) return false
  // Who has started again since remembers nothing: only by others may it know.
  const knows = (other: string) =>
    history.condition(other).always(said.atMs, atMs, ({ isUp }) => isUp) &&
    (other === said.node ||
      longestMs(history.path(other, said.node), { fromMs: said.atMs, toMs: atMs }) >= SHIPPED_MS)
  if (knows(node)) return false
  const fromMs = Math.max(said.atMs, atMs - SOON_MS)
  return history.nodes
    .filter((other) => other !== node && knows(other))
    .every((other) => !history.path(node, other).always(fromMs, atMs, (each) => each !== 'none'))
}

/** A sync with who is back begins within a second; where its answer is lost or passes a third node, it takes another. */
const MOMENT_MS = 2_000
const SOON_MS = 5_000

/**
 * Whether a client that names no session said something else last than what stands, and what
 * stands is an earlier word of it that another node took with a later stamp.
 */
function spokeToTwoClocks(violation: Violation, history: History): boolean {
  const { invariant, key = '', node = '', said } = violation
  const one = history.keys.get(key)
  if (invariant !== 'content' || !said || one?.hasSession !== false) return false
  const words = one.clientEvents.filter((each) => each.kind === 'accepted')
  const registered = words.filter(({ op }) => op === 'register')
  const last = registered.findLast(({ atMs }) => atMs === said.atMs)
  const shown = one.views.get(node)?.last?.version
  if (!last) return false
  return registered.some(
    ({ atMs, node: taker, version, gen, cver }) =>
      atMs < last.atMs &&
      taker !== last.node &&
      version === shown &&
      (gen === last.gen ? cver > last.cver : gen > last.gen),
  )
}

/**
 * Whether a home that was cut off ended what renewed elsewhere, told one node of it, and died
 * before the others heard, who would have refuted it. Then only a look at the digests finds it.
 */
function endedByOneWhoDied(violation: Violation, history: History): boolean {
  const { invariant, key = '', node, atMs } = violation
  const one = history.keys.get(key)
  if (invariant !== 'I3 false absence' || !one || node === undefined) return false
  const goneSince = (of: string, ms: number) =>
    one.views.get(of)?.since(ms, (view) => view === undefined)
  const goneMs = goneSince(node, atMs - 0.001)
  if (goneMs === undefined || atMs - goneMs > TWO_LOOKS_MS) return false
  return history.nodes.some((other) => {
    const endedMs = goneSince(other, goneMs) ?? Number.NEGATIVE_INFINITY
    if (other === node || endedMs < goneMs - SHIPPED_MS) return false
    const wasHome = one.homes.get(other)?.at(endedMs)?.startsWith(`${other}#`) === true
    const condition = history.condition(other)
    return wasHome && !condition.always(goneMs, goneMs + SHIPPED_MS, ({ isUp }) => isUp)
  })
}

/** Digests are compared every ten seconds, and what differs counts at the second look. */
const TWO_LOOKS_MS = 20_000

export const EXCEPTIONS: readonly Exception[] = [
  {
    name: 'who knew died',
    reason:
      'A node answers without waiting for others (a cancel for 200 ms at most), and remembers in memory what has ended. What it took while cut off, or in its last moment, ends with it, or with the few whom it could tell: F11.',
    explains: whoKnewDied,
  },
  {
    name: 'nobody was left',
    reason:
      'No node was up but such as had just started: what no disk kept of the instance plane is gone, overrides and tombstones with it.',
    explains: nobodyWasLeft,
  },
  {
    name: 'came by another way',
    reason:
      'After a heal a cancel and what it ends may arrive by different paths: what ended shows for two seconds at most, until both are there (seed 268 of the evidence).',
    explains: cameByAnotherWay,
  },
  {
    name: 'its keeper stood still',
    reason:
      'A stall moves "deadlines, hideAt and heardAt" of whoever stood still. A renewal or a hide time that it passes on is later by as much, at nodes that did not stand still themselves.',
    explains: ({ isByStall }) => isByStall === true,
  },
  {
    name: 'ended by one who died',
    reason:
      'A home evicts by what it knows, and "any node with fresh evidence refutes an eviction" that it hears of. Where the home dies within a second of it, one node may have heard and those with evidence not: its look at their digests undoes that.',
    explains: endedByOneWhoDied,
  },
  {
    name: 'spoke to two clocks',
    reason:
      'Of content the greater (gen, cver) wins, and clocks may differ by minutes. A client that names its session is asked to say its word again when an earlier one has won; without one it may be another process that spoke.',
    explains: spokeToTwoClocks,
  },
]

/** The exception that explains a violation, if any. */
export function explanationOf(violation: Violation, history: History): Exception | undefined {
  return EXCEPTIONS.find(({ explains }) => explains(violation, history))
}
