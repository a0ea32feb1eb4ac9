/**
 * What clients and operators said last is what is shown in the end.
 *
 * @module
 */

import { isServing, type History, type KeyHistory, type View } from './cluster-history.ts'
import { liveSpans } from './cluster-truth.ts'
import type { CheckOptions, Violation } from './cluster-violation.ts'

const SETTLED_MS = 20_000

/** The version that a live client registered last, and the status that an operator set last. */
export function checkWords(history: History, { heartbeatMs }: CheckOptions): Violation[] {
  const found: Violation[] = []
  for (const one of history.keys.values()) {
    const live = liveSpans(one, heartbeatMs, history.endMs).at(-1)
    if (!live || live.toMs < history.endMs || live.sinceMs > history.endMs - SETTLED_MS) continue
    const version = lastVersion(one)
    const status = lastStatus(one)
    for (const node of history.nodes) {
      const view = settledView(history, one, { node, home: live.node })
      if (!view) continue
      const { key } = one
      const atMs = history.endMs
      if (version && view.version !== version.value && version.atMs < atMs - SETTLED_MS) {
        const what = `shows version ${view.version}, the client said ${version.value}`
        found.push({ invariant: 'content', atMs, node, key, what, said: version })
      }
      const isHeard = status && isJoined(history, node, status.node)
      if (isHeard && view.status !== status.value && status.atMs < atMs - SETTLED_MS) {
        const what = `shows ${view.status}, an operator said ${status.value}`
        found.push({ invariant: 'override', atMs, node, key, what, said: status })
      }
    }
  }
  return found
}

interface Said {
  readonly atMs: number
  readonly value: string
  readonly node: string
}

function lastVersion({ clientEvents }: KeyHistory): Said | undefined {
  const said = clientEvents.findLast((each) => each.kind === 'accepted' && each.op === 'register')
  return said?.kind === 'accepted' ? { ...said, value: said.version } : undefined
}

function lastStatus({ overrides }: KeyHistory): Said | undefined {
  const last = overrides.toSorted((left, right) => left.over - right.over).at(-1)
  return last && { ...last, value: last.value ?? 'up' }
}

function settledView(
  history: History,
  one: KeyHistory,
  { node, home }: { readonly node: string; readonly home: string },
): View | undefined {
  const fromMs = history.endMs - SETTLED_MS
  const condition = history.condition(node)
  if (!condition.always(fromMs, history.endMs, isServing)) return undefined
  return isJoined(history, node, home) ? one.views.get(node)?.last : undefined
}

/** Whether two nodes could talk through all of the end. */
function isJoined(history: History, one: string, other: string): boolean {
  const { endMs } = history
  const fromMs = endMs - SETTLED_MS
  return one === other || history.path(one, other).always(fromMs, endMs, (path) => path !== 'none')
}
