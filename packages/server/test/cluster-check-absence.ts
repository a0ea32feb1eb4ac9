/**
 * I3: who lives is seen, wherever its heartbeats can be known; and nobody ever shows nothing in
 * place of something.
 *
 * @module
 */

import { isRunning, isServing, type History, type KeyHistory } from './cluster-history.ts'
import { liveSpans, type LiveSpan } from './cluster-truth.ts'
import type { CheckOptions, Violation } from './cluster-violation.ts'

const DIRECT_EXTRA_MS = 2_500
const THIRD_EXTRA_MS = 6_000

interface Case {
  readonly history: History
  readonly one: KeyHistory
  readonly node: string
  readonly heartbeatMs: number
}

export function checkAbsence(history: History, { heartbeatMs }: CheckOptions): Violation[] {
  const found: Violation[] = []
  for (const one of history.keys.values()) {
    const spans = liveSpans(one, heartbeatMs, history.endMs)
    for (const node of history.nodes) {
      const violation = firstAbsence({ history, one, node, heartbeatMs }, spans)
      if (violation) found.push(violation)
    }
  }
  return found
}

function firstAbsence(where: Case, spans: readonly LiveSpan[]): Violation | undefined {
  // Since when each heartbeat went to somebody whom this node could hear, straight and at all.
  let heard: Joined = [0, 0]
  let untilMs = -1
  for (const span of spans) {
    if (span.fromMs !== untilMs) heard = [span.fromMs, span.fromMs]
    const violation = absenceIn(where, span, heard)
    if (violation) return violation
    const joined = joinedSince(where, span.node, span.toMs - 0.001)
    heard = [heardSince(heard[0], joined[0], span), heardSince(heard[1], joined[1], span)]
    untilMs = span.toMs
  }
  return undefined
}

/** Carries on what held before a span if it held through it; else it begins anew. */
function heardSince(beforeMs: number, joinedMs: number, { fromMs, toMs }: LiveSpan): number {
  if (joinedMs <= fromMs) return beforeMs
  return Math.min(joinedMs, toMs)
}

type Joined = readonly [direct: number, any: number]

function absenceIn(where: Case, span: LiveSpan, heard: Joined): Violation | undefined {
  const { history, one, node, heartbeatMs } = where
  const views = one.views.get(node)
  if (!views) return undefined
  const inside = [...views.times, ...history.condition(node).times, ...pathTimes(where, span)]
    .filter((ms) => ms > span.fromMs && ms < span.toMs)
    .sort((left, right) => left - right)
  let fromMs = span.fromMs
  for (const toMs of [...inside, span.toMs]) {
    const absentMs = views.since(fromMs, (view) => view === undefined) ?? 0
    const isAbsent = views.at(fromMs) === undefined
    const servingMs = history.condition(node).since(fromMs, isServing)
    if (isAbsent && servingMs !== undefined) {
      const countMs = Math.max(absentMs, servingMs, span.sinceMs)
      const [directMs, anyMs] = joinedSince(where, span.node, fromMs)
      const direct = toMs - Math.max(countMs, directMs, heard[0])
      const any = toMs - Math.max(countMs, anyMs, heard[1])
      const isTooLong =
        direct > 1.1 * heartbeatMs + DIRECT_EXTRA_MS || any > 1.1 * heartbeatMs + THIRD_EXTRA_MS
      if (isTooLong) {
        const what = `not shown for ${Math.round(Math.max(direct, any))} ms though it renews at ${span.node} (straight for ${Math.round(Math.max(0, direct))} ms)`
        return { invariant: 'I3 false absence', atMs: toMs, node, key: one.key, what }
      }
    }
    fromMs = toMs
  }
  return undefined
}

function pathTimes({ history, node }: Case, span: LiveSpan): readonly number[] {
  return node === span.node ? [] : history.path(node, span.node).times
}

/** Since when a node has had a straight way, and any, to another; infinity while it has none. */
function joinedSince({ history, node }: Case, other: string, atMs: number): Joined {
  const never = Number.POSITIVE_INFINITY
  if (node === other) {
    const sinceMs = history.condition(node).since(atMs, isRunning) ?? never
    return [sinceMs, sinceMs]
  }
  const path = history.path(node, other)
  return [
    path.since(atMs, (each) => each === 'direct') ?? never,
    path.since(atMs, (each) => each !== 'none') ?? never,
  ]
}

/** A node that showed something, or that has just become ready, shows nothing although somebody lives whom it can hear of. */
export function checkEmpty(history: History, { heartbeatMs }: CheckOptions): Violation[] {
  const services = new Map<string, KeyHistory[]>()
  for (const one of history.keys.values()) {
    const [service = ''] = one.key.split(' ')
    services.set(service, [...(services.get(service) ?? []), one])
  }
  const found: Violation[] = []
  for (const [service, keys] of services) {
    const lives = keys.map((one) => liveSpans(one, heartbeatMs, history.endMs))
    for (const node of history.nodes) {
      const atMs = firstEmpty({ history, keys, node, lives })
      const what = `shows nothing of ${service}`
      if (atMs !== undefined) found.push({ invariant: 'I3 empty', atMs, node, what })
    }
  }
  return found
}

const KNOWN_AFTER_MS = 3_000

function firstEmpty(where: {
  readonly history: History
  readonly keys: readonly KeyHistory[]
  readonly node: string
  readonly lives: readonly (readonly LiveSpan[])[]
}): number | undefined {
  const { history, keys, node, lives } = where
  const condition = history.condition(node)
  const times = [...condition.times, ...keys.flatMap((one) => one.views.get(node)?.times ?? [])]
  for (const atMs of times) {
    if (!isServing(condition.at(atMs))) continue
    if (keys.some((one) => one.views.get(node)?.at(atMs) !== undefined)) continue
    const known = lives.filter((spans) =>
      spans.some((span) => {
        if (atMs < span.sinceMs + KNOWN_AFTER_MS || atMs < span.fromMs || atMs >= span.toMs) {
          return false
        }
        const [, anyMs] = joinedSince(
          { history, node, heartbeatMs: 0, one: keys[0] as KeyHistory },
          span.node,
          atMs,
        )
        return atMs - anyMs >= KNOWN_AFTER_MS
      }),
    )
    if (known.length > 0) return atMs
  }
  return undefined
}

/** How often live instances vanished and came back where their heartbeats can be known. */
export function checkFlaps(history: History, { heartbeatMs, flapsMax }: CheckOptions): Violation[] {
  const found: Violation[] = []
  for (const one of history.keys.values()) {
    const spans = liveSpans(one, heartbeatMs, history.endMs)
    for (const node of history.nodes) {
      for (const [atMs, view] of one.views.get(node)?.entries() ?? []) {
        if (view || atMs === 0 || !isServing(history.condition(node).at(atMs))) continue
        const before = one.views.get(node)?.at(atMs - 0.001)
        const isJoined = spans.some((span) => {
          if (atMs < span.sinceMs + KNOWN_AFTER_MS || atMs <= span.fromMs || atMs >= span.toMs) {
            return false
          }
          const [, anyMs] = joinedSince({ history, one, node, heartbeatMs }, span.node, atMs)
          return atMs - anyMs >= KNOWN_AFTER_MS
        })
        if (!before || !isJoined) continue
        found.push({
          invariant: 'flap',
          atMs,
          node,
          key: one.key,
          what: 'vanished while it renews',
        })
      }
    }
  }
  return flapsMax !== undefined && found.length > flapsMax ? found : []
}
