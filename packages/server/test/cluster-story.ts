/**
 * Tells what led to a violation, for people.
 *
 * @module
 */

import type { Condition, History, KeyHistory, View } from './cluster-history.ts'
import type { Violation } from './cluster-violation.ts'

const LINES_MAX = 90

/** The last events about what a violation is about, in order of time. */
export function story(history: History, { atMs, key }: Violation): string {
  const lines: { readonly atMs: number; readonly text: string }[] = []
  const say = (ms: number, text: string) => {
    if (ms <= atMs + 2_000) lines.push({ atMs: ms, text })
  }
  for (const { atMs: ms, what } of history.faults) say(ms, `** ${what}`)
  for (const node of history.nodes) {
    for (const [ms, condition] of history.condition(node).entries()) {
      say(ms, `${node} is ${conditionText(condition)}`)
    }
  }
  const one = key === undefined ? undefined : history.keys.get(key)
  if (one) tellKey(one, say)
  return lines
    .sort((left, right) => left.atMs - right.atMs)
    .slice(-LINES_MAX)
    .map(({ atMs: ms, text }) => `${(ms / 1_000).toFixed(2).padStart(7)} ${text}`)
    .join('\n')
}

function tellKey(one: KeyHistory, say: (ms: number, text: string) => void): void {
  let renewedAt = ''
  for (const event of one.clientEvents) {
    const { kind, process } = event
    if ('op' in event && event.op === 'renew') {
      // Of many renewals at one node the first says enough.
      const place = `${process} ${event.node}`
      if (kind === 'answered' || place === renewedAt) continue
      renewedAt = place
    } else renewedAt = ''
    const what = 'op' in event ? `${event.op} ${kind} at ${event.node}` : kind
    const gen = kind === 'accepted' ? ` (gen ${event.gen % 100_000_000} ${event.version})` : ''
    say(event.atMs, `client ${process}: ${what}${gen}`)
  }
  for (const { atMs, node, value } of one.overrides) say(atMs, `operator at ${node}: ${value}`)
  for (const ms of one.loads) say(ms, `${one.key} is loaded from disk`)
  for (const [node, views] of one.views) {
    for (const [ms, view] of views.entries()) say(ms, `  ${node} shows ${viewText(view)}`)
  }
  for (const [node, homes] of one.homes) {
    for (const [ms, home] of homes.entries()) {
      say(ms, `    ${node} thinks home is ${homeText(home)}`)
    }
  }
}

function homeText(home: string | undefined): string {
  if (home === undefined) return 'none'
  const [node, inc] = home.split('#')
  return `${node}#${Number(inc) % 100_000_000}`
}

function conditionText({ isUp, isReady, isStalled, isIsolated }: Condition): string {
  if (!isUp) return 'down'
  return [isReady ? 'ready' : 'not ready', isStalled && 'stalled', isIsolated && 'isolated']
    .filter(Boolean)
    .join(', ')
}

function viewText(view: View | undefined): string {
  if (!view) return 'nothing'
  const held = view.held ? ' held' : ''
  return `${view.version} ${view.status}${held} (gen ${view.gen % 100_000_000})`
}
