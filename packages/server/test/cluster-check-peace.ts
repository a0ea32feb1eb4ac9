/**
 * I1: nodes that can talk agree; and once nothing happens any more, nothing is said but beats.
 *
 * @module
 */

import { REFRESH_MS } from '../src/instances/constants.ts'
import { changeTimes } from './cluster-timeline.ts'
import {
  isServing,
  noTraffic,
  type ClientEvent,
  type History,
  type Path,
  type Traffic,
} from './cluster-history.ts'
import type { CheckOptions, Violation } from './cluster-violation.ts'

/** Nodes that could talk for so long must agree. */
const AGREED_AFTER_MS = 20_000

/** Pairs that can talk hold and show the same at some moment of the end. */
export function checkAgreement(history: History): Violation[] {
  const { nodes, endMs } = history
  const fromMs = Math.max(0, endMs - AGREED_AFTER_MS)
  const settled = nodes.filter((node) => history.condition(node).always(fromMs, endMs, isServing))
  const found: Violation[] = []
  for (const [at, one] of settled.entries()) {
    for (const other of settled.slice(at + 1)) {
      const isJoined = history.path(one, other).always(fromMs, endMs, (path) => path !== 'none')
      const difference = isJoined ? differenceOf(history, one, other) : undefined
      if (difference === undefined) continue
      const { key, what } = difference
      found.push({ invariant: 'I1 converged', atMs: endMs, node: one, key, what })
    }
  }
  return found
}

function differenceOf(
  { finals }: History,
  one: string,
  other: string,
): { readonly key: string; readonly what: string } | undefined {
  let last: { readonly key: string; readonly what: string } | undefined
  for (const { records, shown, roots } of finals) {
    last = firstDifference(records.get(one), records.get(other), `${one} and ${other} hold`)
    last ??= firstDifference(shown.get(one), shown.get(other), `${one} and ${other} show`)
    if (!last && roots.get(one) !== roots.get(other)) {
      last = { key: '', what: `the digests of ${one} and ${other} differ, their records do not` }
    }
    if (!last) return undefined
  }
  return last
}

function firstDifference(
  left: ReadonlyMap<string, string> = new Map(),
  right: ReadonlyMap<string, string> = new Map(),
  who: string,
): { readonly key: string; readonly what: string } | undefined {
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const [one, other] = [left.get(key), right.get(key)]
    if (one !== other) return { key, what: `${who} ${one ?? 'nothing'} | ${other ?? 'nothing'}` }
  }
  return undefined
}

/** After this long without a fault or news of a client nothing moves any more. */
function quietAfterMs({ ttlMs }: CheckOptions): number {
  return 2 * ttlMs + 15_000
}

/** Nothing is claimed, hidden, evicted, shipped or synced when nothing has happened for long. */
export function checkQuiet(history: History, options: CheckOptions): Violation[] {
  const clients = [...history.keys.values()].flatMap(({ clientEvents, overrides }) =>
    [...clientEvents.filter(isNews), ...overrides].map(({ atMs }) => atMs),
  )
  const faults = history.faults.map(({ atMs }) => atMs)
  const conditions = history.nodes.flatMap((node) => history.condition(node).times)
  const times = changeTimes(clients, faults, conditions, [history.endMs])
  const found: Violation[] = []
  times.forEach((atMs, index) => {
    const fromMs = atMs + quietAfterMs(options)
    const toMs = times[index + 1] ?? history.endMs
    for (let second = Math.ceil(fromMs / 1_000); second < Math.floor(toMs / 1_000); second += 1) {
      const heard = history.seconds[second] ?? noTraffic()
      // Who can be heard but not told is told again and again.
      const isTalking = !canAllTalk(history, 1_000 * second)
      const isRefreshed = history.endMs > REFRESH_MS
      // Protection lets what it holds go bit by bit, "15 % of the reference per ttl".
      const isHolding = holdsAny(history, 1_000 * second)
      const excused = {
        ...heard,
        ...((isTalking || isRefreshed || isHolding) && { records: 0 }),
        ...(isHolding && { hides: 0, evictions: 0 }),
      }
      const noise =
        noiseOf({ ...excused, ...(isTalking && { syncMessages: 0 }) }) ??
        (isDirect(history, 1_000 * second) && !isRefreshed ? checkCost(history, second) : undefined)
      if (noise) found.push({ invariant: 'quiet', atMs: second * 1_000, what: noise })
    }
  })
  return found.slice(0, 1)
}

/** Whether some node shows something that is held. */
function holdsAny({ keys }: History, atMs: number): boolean {
  return [...keys.values()].some(({ views }) =>
    [...views.values()].some((each) => each.at(atMs - 1)?.held === true),
  )
}

function canAllTalk(history: History, atMs: number): boolean {
  return isEveryPath(history, atMs, (path) => path !== 'none')
}

function isDirect(history: History, atMs: number): boolean {
  return isEveryPath(history, atMs, (path) => path === 'direct')
}

/** Whether all paths between nodes that are up are as `is` asks. */
function isEveryPath(history: History, atMs: number, is: (path: Path) => boolean): boolean {
  const up = history.nodes.filter((node) => history.condition(node).at(atMs)?.isUp === true)
  return up.every((one) =>
    up.every((other) => one === other || is(history.path(one, other).at(atMs) ?? 'none')),
  )
}

/**
 * Beats and renewals cost what they must: one batch for each pair and second, and nothing for a
 * renewal at home. Each may be said twice, since the network loses things.
 */
function checkCost(history: History, second: number): string | undefined {
  const { batches, forwarded } = history.seconds[second] ?? noTraffic()
  const { length } = history.nodes
  const allowed = 2 * length * (length - 1)
  if (batches > allowed) return `${batches} batches in a quiet second of ${length} nodes`
  const renewals = renewalsIn(history, { fromMs: (second - 2) * 1_000, toMs: (second + 1) * 1_000 })
  if (forwarded <= 2 * renewals) return undefined
  return `${forwarded} renewals were passed on, ${renewals} were accepted away from home`
}

/** Renewals that nodes took for another's instances. */
function renewalsIn(history: History, { fromMs, toMs }: { fromMs: number; toMs: number }): number {
  let count = 0
  for (const { clientEvents, homes } of history.keys.values()) {
    for (const event of clientEvents) {
      if (event.atMs < fromMs || event.atMs >= toMs) continue
      if (event.kind !== 'accepted' || event.op === 'cancel') continue
      const home = homes.get(event.node)?.at(event.atMs)
      count += Number(home?.startsWith(`${event.node}#`) !== true)
    }
  }
  return count
}

/** Whether more than a renewal: only that costs the cluster nothing. */
function isNews(event: ClientEvent): boolean {
  return !('op' in event) || (event.kind === 'accepted' && event.op !== 'renew')
}

function noiseOf(traffic: Traffic): string | undefined {
  const { records, syncMessages, claims, hides, evictions } = traffic
  const noise = { records, syncMessages, claims, hides, evictions }
  const heard = Object.entries(noise).filter(([, count]) => count > 0)
  if (heard.length === 0) return undefined
  return `nothing happened for long, and there are ${heard.map(([kind, count]) => `${count} ${kind}`).join(', ')}`
}

/** A node that hears half again does not go on holding everything. */
export function checkIsolation(history: History): Violation[] {
  const found: Violation[] = []
  const { nodes, endMs } = history
  for (const node of nodes) {
    const sinceMs = history.condition(node).since(endMs, (each) => each.isIsolated)
    if (sinceMs === undefined) continue
    const joined = nodes.filter(
      (other) =>
        other !== node &&
        history.path(node, other).always(endMs - AGREED_AFTER_MS, endMs, (path) => path !== 'none'),
    )
    if (2 * (joined.length + 1) < nodes.length) continue
    const what = `holds everything although it hears ${joined.length} others of ${nodes.length - 1}`
    found.push({ invariant: 'isolation', atMs: endMs, node, what })
  }
  return found
}

/** What one peer has yet to be told comes to an end, where it can be told. */
export function checkQueues(history: History): Violation[] {
  const { finals, endMs } = history
  const found: Violation[] = []
  for (const pair of finals.at(-1)?.outbox.keys() ?? []) {
    const [node = '', other = ''] = pair.split(' ')
    const path = history.path(node, other)
    if (!path.always(endMs - AGREED_AFTER_MS, endMs, (each) => each !== 'none')) continue
    const least = Math.min(...finals.map(({ outbox }) => outbox.get(pair) ?? 0))
    const what = `has ${least} records to tell ${other} that it does not take`
    if (least > 0) found.push({ invariant: 'I6 unbounded', atMs: endMs, node, what })
  }
  return found
}

/** Nodes with a straight way between them have a channel each. */
export function checkLinks(history: History): Violation[] {
  const { nodes, finals, endMs } = history
  const outbox = finals.at(-1)?.outbox
  if (!outbox) return []
  const fromMs = endMs - AGREED_AFTER_MS
  const serving = nodes.filter((node) => history.condition(node).always(fromMs, endMs, isServing))
  return serving.flatMap((node) =>
    serving
      .filter((other) => other !== node && !outbox.has(`${node} ${other}`))
      .filter((other) =>
        history.path(node, other).always(fromMs, endMs, (path) => path === 'direct'),
      )
      .map((other): Violation => {
        const what = `has no channel to ${other} although the way is open`
        return { invariant: 'I1 converged', atMs: endMs, node, what }
      }),
  )
}

export function checkWatchers({ watcherFaults }: History): Violation[] {
  return watcherFaults.map(({ atMs, what }) => ({ invariant: 'I5 watcher', atMs, what }))
}
