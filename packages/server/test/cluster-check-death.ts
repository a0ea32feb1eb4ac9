/**
 * I4: who is dead is gone in time, and I2: does not come back.
 *
 * @module
 */

import {
  isRunning,
  isServing,
  type History,
  type KeyHistory,
  type Path,
  type View,
} from './cluster-history.ts'
import { knowing } from './cluster-knowledge.ts'
import { longestMs } from './cluster-paths.ts'
import type { Timeline } from './cluster-timeline.ts'
import {
  cancellations,
  deadSpans,
  lastSignMs,
  type Cancellation,
  type DeadSpan,
} from './cluster-truth.ts'
import type { CheckOptions, Violation } from './cluster-violation.ts'

const DIRECT_EXTRA_MS = 2_000
const THIRD_EXTRA_MS = 5_000
const FAULT_EXTRA_MS = 8_000
/** A fault of a while ago still shows. */
const AFTERMATH_MS = 10_000
const CANCEL_DIRECT_MS = 2_000
const CANCEL_THIRD_MS = 6_000
/** Who held everything lets go once it has synced. */
const RELEASE_MS = 6_000
const CANCEL_GRACE_MS = 1_000
/** Who stands still for longer is a new incarnation after. */
const FENCED_MS = 5_250

interface Case {
  readonly history: History
  readonly one: KeyHistory
  readonly node: string
  readonly views: Timeline<View | undefined>
  readonly ttlMs: number
}

export function checkDeath(history: History, { ttlMs }: CheckOptions): Violation[] {
  const found: Violation[] = []
  for (const one of history.keys.values()) {
    const dead = deadSpans(one, history.endMs)
    const cancelled = cancellations(one)
    for (const [node, views] of one.views) {
      const where = { history, one, node, views, ttlMs }
      for (const span of dead) found.push(...deadShown(where, span))
      for (const each of cancelled) found.push(...cancelledShown(where, each))
    }
  }
  return found
}

/** Whiles in which a node answers and shows a key, within a span. */
function* shownWhiles(
  { history, node, views }: Case,
  { fromMs, toMs }: DeadSpan,
): Iterable<{ readonly fromMs: number; readonly toMs: number; readonly view: View }> {
  const times = [...views.times, ...history.condition(node).times]
    .filter((ms) => ms > fromMs && ms < toMs)
    .sort((left, right) => left - right)
  let atMs = fromMs
  for (const nextMs of [...times, toMs]) {
    const view = views.at(atMs)
    if (view && nextMs > atMs && isServing(history.condition(node).at(atMs))) {
      yield { fromMs: atMs, toMs: nextMs, view }
    }
    atMs = nextMs
  }
}

interface Shown {
  readonly fromMs: number
  readonly toMs: number
}

/** What the stalls of a while add to a bound. */
interface Stalls {
  readonly due: (where: Case, fromMs: number, toMs: number) => number
  readonly back: (where: Case, fromMs: number, toMs: number) => number
}

/** A node's own move every deadline that it keeps. */
const OWN: Stalls = { due: stalledMs, back: stalledMs }
/** Another's move what that one keeps, and may pass on: an exception. */
const ANY: Stalls = {
  due: (...span) => Math.max(stalledMs(...span), keptMs(...span)),
  back: longestStallMs,
}

function deadShown(where: Case, span: DeadSpan): Violation[] {
  const found: Violation[] = []
  for (const shown of shownWhiles(where, span)) {
    if (isIsolatedLately(where, shown.toMs)) continue
    for (const wrong of wrongIn(where, shown, OWN)) {
      const inAnyCase = wrongIn(where, shown, ANY)
      const isByStall = !inAnyCase.some(({ invariant }) => invariant === wrong.invariant)
      found.push({ ...wrong, isByStall })
    }
  }
  const first = found.find(({ isByStall }) => isByStall !== true) ?? found[0]
  return first ? [first] : []
}

/** What is wrong with showing a dead instance for a while: that it was too long, or that it came back. */
function wrongIn(where: Case, { fromMs, toMs }: Shown, stalls: Stalls): Violation[] {
  const { history, one, node, views } = where
  const { key } = one
  const found: Violation[] = []
  const [signMs, dueMs] = dueOf(where, { fromMs, toMs }, stalls)
  const heldMs = heldUntilMs(where, signMs, toMs)
  if (toMs > Math.max(dueMs, heldMs)) {
    const what = `shown ${Math.round(toMs - signMs)} ms after its last sign of life; ${Math.round(dueMs - signMs)} are allowed`
    const atMs = Math.max(fromMs, dueMs)
    found.push({ invariant: 'I4 dead shown', atMs, node, key, what })
  }
  const wasAbsent = views.at(fromMs - 0.001) === undefined
  const wasServing = isServing(history.condition(node).at(fromMs - 0.001))
  const lateMs = fromMs - signMs - where.ttlMs - DIRECT_EXTRA_MS
  const isOfDisk = isLoadedElsewhere(where, signMs, fromMs)
  const isBack = wasAbsent && wasServing && fromMs > heldMs && !isLearnt(where, fromMs) && !isOfDisk
  if (isBack && lateMs > stalls.back(where, signMs, fromMs)) {
    const what = `comes back ${Math.round(fromMs - signMs)} ms after its last sign of life`
    found.push({ invariant: 'I4 dead reappears', atMs: fromMs, node, key, what })
  }
  return found
}

/**
 * Whether a node shows a life of a client for the first time in its own, as another shows it to it. Until
 * "2 × ttl + 8 s when its home died" (I4) the others may, and who starts meanwhile shows what
 * they show (I1); that it served for a moment before it could hear of them brings nobody back.
 */
function isLearnt({ history, one, node, views }: Case, atMs: number): boolean {
  const startedMs = history.condition(node).since(atMs, ({ isUp }) => isUp) ?? 0
  const gen = views.at(atMs)?.gen
  for (const [ms, view] of views.entries()) {
    if (view?.gen === gen && ms >= startedMs && ms < atMs) return false
  }
  return history.nodes.some(
    (other) =>
      other !== node &&
      history.path(other, node).at(atMs) !== 'none' &&
      one.views.get(other)?.at(atMs)?.gen === gen,
  )
}

/**
 * Whether somebody had loaded an instance from disk while alone less than its ttl ago. It shows
 * it for "its ttl for what a node loaded from disk while alone" (I4), and whoever syncs with it
 * then shows the same (I1).
 */
function isLoadedElsewhere({ one, ttlMs }: Case, signMs: number, atMs: number): boolean {
  return one.loads.some((ms) => ms > signMs && ms <= atMs && atMs - ms < ttlMs + DIRECT_EXTRA_MS)
}

/**
 * Until when somebody's protection kept an instance. Only home knows; the others show it because
 * home does not end it, and go on for a while when home is lost.
 */
function heldUntilMs({ one, ttlMs }: Case, fromMs: number, toMs: number): number {
  let untilMs = 0
  for (const views of one.views.values()) {
    let isHeld = false
    for (const [atMs, view] of views.entries()) {
      if (atMs > toMs) break
      if (isHeld && atMs > fromMs) untilMs = Math.max(untilMs, atMs)
      isHeld = view?.held === true
    }
    if (isHeld) untilMs = toMs
  }
  return untilMs > 0 ? untilMs + ttlMs + FAULT_EXTRA_MS : 0
}

/** A node that hears too few hides nothing, and needs a moment after. */
function isIsolatedLately({ history, node }: Case, atMs: number): boolean {
  const condition = history.condition(node)
  return !condition.always(Math.max(0, atMs - RELEASE_MS), atMs, (each) => !each.isIsolated)
}

/** The last sign of life that counts, and when what is shown must have gone: what was on its way when its client died may still arrive. */
function dueOf(
  where: Case,
  { fromMs, toMs }: Shown,
  stalls: Stalls,
): readonly [signMs: number, dueMs: number] {
  let signMs = lastSignMs(where.one, fromMs)
  for (;;) {
    const dueMs = signMs + boundMs(where, signMs, toMs) + stalls.due(where, signMs, toMs)
    const laterMs = lastSignMs(where.one, Math.min(dueMs, toMs))
    if (laterMs <= signMs) return [signMs, dueMs]
    signMs = laterMs
  }
}

/** Who stood still remembers renewals as younger than they are, by as long. */
function longestStallMs(where: Case, fromMs: number, toMs: number): number {
  const each = where.history.nodes.map((node) => stalledMs({ ...where, node }, fromMs, toMs))
  return Math.max(...each)
}

/**
 * How long another node stood still at most that may have kept the deadline or the hide time, and
 * passed it on later. A home that stands still for long vouches for nothing after: that is no excuse
 * for who had the instance before, and counts from home's last beat.
 */
function keptMs({ history, one, views }: Case, fromMs: number, toMs: number): number {
  let longest = 0
  for (const node of history.nodes) {
    for (const stall of stallsOf(history, node)) {
      const lastedMs = Math.min(stall.toMs, toMs) - Math.max(stall.fromMs, fromMs)
      const wasHome = one.homes.get(node)?.at(stall.fromMs)?.startsWith(`${node}#`) === true
      const isFenced = stall.toMs - stall.fromMs >= FENCED_MS
      const wasKnown = views.at(stall.fromMs) !== undefined
      if (!(wasHome && isFenced && wasKnown)) longest = Math.max(longest, lastedMs)
    }
  }
  return longest
}

/** How long a node stood still itself: that moves every deadline that it keeps. */
function stalledMs({ history, node }: Case, fromMs: number, toMs: number): number {
  let sumMs = 0
  for (const stall of stallsOf(history, node)) {
    sumMs += Math.max(0, Math.min(stall.toMs, toMs) - Math.max(stall.fromMs, fromMs))
  }
  return sumMs
}

function* stallsOf(history: History, node: string): Iterable<DeadSpan> {
  let sinceMs: number | undefined
  for (const [atMs, { isUp, isStalled }] of history.condition(node).entries()) {
    if (sinceMs !== undefined) yield { fromMs: sinceMs, toMs: atMs }
    sinceMs = isUp && isStalled ? atMs : undefined
  }
  if (sinceMs !== undefined) yield { fromMs: sinceMs, toMs: history.endMs }
}

function boundMs(where: Case, signMs: number, untilMs: number): number {
  const { history, one, ttlMs } = where
  const worst = worstPath(history, Math.max(0, signMs - AFTERMATH_MS), untilMs)
  if (worst === 'direct') return ttlMs + DIRECT_EXTRA_MS
  if (worst === 'third') return ttlMs + THIRD_EXTRA_MS
  const loads = one.loads.filter((ms) => ms >= signMs && ms <= untilMs)
  // "plus its ttl for what a node loaded from disk while alone": from when it did, however long it had been down.
  const loadedMs = loads.length > 0 ? Math.max(...loads) + ttlMs + DIRECT_EXTRA_MS - signMs : 0
  return Math.max((2 + loads.length) * ttlMs + FAULT_EXTRA_MS, loadedMs)
}

/** The worst that any two running nodes had between them in a while; `none` too if a node came, went or stood still. */
function worstPath(history: History, fromMs: number, toMs: number): Path {
  let worst: Path = 'direct'
  const running: string[] = []
  for (const node of history.nodes) {
    const condition = history.condition(node)
    const isUp = isRunning(condition.at(fromMs))
    if (!condition.always(fromMs, toMs, (each) => isRunning(each) === isUp)) return 'none'
    if (isUp && !condition.always(fromMs, toMs, isServing)) return 'none'
    if (isUp) running.push(node)
  }
  for (const [at, one] of running.entries()) {
    for (const other of running.slice(at + 1)) {
      const path = history.path(one, other)
      if (path.always(fromMs, toMs, (each) => each === 'direct')) continue
      if (!path.always(fromMs, toMs, (each) => each !== 'none')) return 'none'
      worst = 'third'
    }
  }
  return worst
}

function cancelledShown(where: Case, cancel: Cancellation): Violation[] {
  const { history, one, node, views } = where
  const toMs = Math.min(cancel.untilMs, history.endMs)
  const found: Violation[] = []
  for (const shown of shownWhiles(where, { fromMs: cancel.atMs, toMs })) {
    if (shown.view.gen > cancel.gen) continue
    const wasAbsent = views.at(shown.fromMs - 0.001) === undefined
    const wasServing = isServing(history.condition(node).at(shown.fromMs - 0.001))
    const isBack = wasAbsent && wasServing && shown.fromMs > cancel.atMs + CANCEL_GRACE_MS
    if (isBack && canKnow(where, cancel, shown.fromMs)) {
      const what = `comes back ${Math.round(shown.fromMs - cancel.atMs)} ms after ${cancel.node} took its cancel, for ${Math.round(shown.toMs - shown.fromMs)} ms`
      const place = { atMs: shown.fromMs, node, key: one.key, said: cancel, toMs: shown.toMs }
      found.push({ ...place, invariant: 'I2 resurrection', what })
    }
    const allowedMs = cancelBoundMs(where, cancel, shown.toMs)
    if (shown.toMs - cancel.atMs > allowedMs) {
      const what = `shown ${Math.round(shown.toMs - cancel.atMs)} ms after ${cancel.node} took its cancel; ${allowedMs} are allowed`
      const atMs = Math.max(shown.fromMs, cancel.atMs + allowedMs)
      found.push({ invariant: 'I4 cancelled shown', atMs, node, key: one.key, what, said: cancel })
    }
  }
  return found.slice(0, 1)
}

/** Who was told by the node that took a cancel for so long knows of it. */
const TOLD_MS = 2_000

/** Whether a node can talk with any that must know of a cancel, or must itself. */
function canKnow({ history, node }: Case, cancel: Cancellation, atMs: number): boolean {
  const knows = (other: string) =>
    other === cancel.node ||
    longestMs(history.path(other, cancel.node), { fromMs: cancel.atMs, toMs: atMs }) >= TOLD_MS
  return history.nodes.some(
    (other) => knows(other) && (other === node || history.path(other, node).at(atMs) !== 'none'),
  )
}

/**
 * Tombstones are in memory: who took a cancel and started again must learn of it like any other,
 * once it has a way to somebody who knows. How long after the cancel that may be.
 */
function relearnedMs(
  { history, node }: Pick<Case, 'history' | 'node'>,
  cancel: Cancellation,
  untilMs: number,
): number {
  const knowers = knowing(history, cancel, TOLD_MS).filter(
    (other) => other.node !== node && other.fromMs < untilMs && other.toMs > untilMs,
  )
  // Lost with them: an exception, which is to be counted.
  if (knowers.length === 0) return 0
  const joined = knowers.map((other) => {
    const sinceMs = history.path(node, other.node).since(untilMs, (path) => path !== 'none')
    return Math.max(other.fromMs, sinceMs ?? Number.POSITIVE_INFINITY)
  })
  return Math.min(...joined) + CANCEL_THIRD_MS - cancel.atMs
}

/** How long a cancel may take where its way was open all the while; without an end where it was not. */
function cancelBoundMs({ history, node }: Case, cancel: Cancellation, untilMs: number): number {
  if (node === cancel.node) {
    const isSameLife = history.condition(node).always(cancel.atMs, untilMs, ({ isUp }) => isUp)
    return isSameLife ? 0 : relearnedMs({ history, node }, cancel, untilMs)
  }
  const path = history.path(node, cancel.node)
  const isSo = (is: (path: Path) => boolean) => path.always(cancel.atMs, untilMs, is)
  if (isSo((each) => each === 'direct')) return CANCEL_DIRECT_MS
  return isSo((each) => each !== 'none') ? CANCEL_THIRD_MS : Number.POSITIVE_INFINITY
}
