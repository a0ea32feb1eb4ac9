/**
 * What the parts of the catalog's load have in common.
 *
 * @module
 */

import { API_BASE, HEADERS } from '@rollcall/protocol'
import type { Random } from '@rollcall/runtime'
import { headerIn } from '../../drivers/response-reader.ts'
import type { Tally } from '../tally.ts'
import type { Outcome } from './client.ts'

/** Begins the name of every key. */
export const PREFIX = 'soak/'

export interface Soaked {
  readonly url: string
  readonly random: Random
  readonly tally: Tally
  /** The revisions of writes that were acknowledged since the last look at what watchers saw. */
  readonly acknowledged: Set<number>
}

/** Monotonic milliseconds. */
export interface Restart {
  readonly diedAtMs: number
  readonly startedAtMs: number
  readonly readyAtMs: number
}

/** One kind of client, and what it holds the node to. */
export interface Part {
  /** Loads the node until `signal` aborts. The node may die meanwhile. */
  load(signal: AbortSignal): Promise<void>
  /** Compares what is there with what was acknowledged. Nobody writes meanwhile. */
  check(): Promise<void>
  restarted?(restart: Restart): void
}

export function kvUrl(key: string, query = ''): string {
  return `${API_BASE}/kv/${key}${query}`
}

/** Notes that a write was acknowledged, at the revision of its answer. */
export function acknowledge({ tally, acknowledged }: Soaked, what: string, head: string): void {
  tally.count(what)
  const revision = Number(headerIn(head, HEADERS.revision))
  if (Number.isSafeInteger(revision) && revision > 0) acknowledged.add(revision)
  else tally.surprise(`${what} were acknowledged without a revision:\n${head}`)
}

/** Tells of an answer that nobody expected. */
export function unexpected({ tally }: Soaked, what: string, outcome: Outcome): void {
  const text = outcome.kind === 'answered' ? `${outcome.status} ${outcome.text}` : outcome.kind
  tally.surprise(`${what}: ${text.slice(0, 300)}`)
}

/** An integer from 0 to below `limit`. */
export function below(limit: number, random: Random): number {
  return Math.floor(random() * limit)
}
