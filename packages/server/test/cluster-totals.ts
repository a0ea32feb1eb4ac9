/**
 * What happened in many runs together, so that runs in which nothing happens are noticed.
 *
 * @module
 */

import type { History } from './cluster-history.ts'
import type { Outcome } from './cluster-scenarios.ts'

/** Counts by name. */
export type Counts = Record<string, number>

/** What is added up over runs. Plain, so that it can be sent between processes. */
export interface Totals {
  runs: number
  failed: number
  /** Runs that met each exception. */
  readonly exceptions: Counts
  readonly counts: Counts
}

export function noTotals(): Totals {
  return { runs: 0, failed: 0, exceptions: {}, counts: {} }
}

export function addOutcome(totals: Totals, { history, violations, exceptions }: Outcome): void {
  totals.runs += 1
  totals.failed += Number(violations.length > 0)
  for (const name of exceptions) add(totals.exceptions, name, 1)
  for (const [name, count] of Object.entries(countsOf(history))) add(totals.counts, name, count)
}

export function addTotals(into: Totals, other: Totals): void {
  into.runs += other.runs
  into.failed += other.failed
  for (const [name, count] of Object.entries(other.exceptions)) add(into.exceptions, name, count)
  for (const [name, count] of Object.entries(other.counts)) add(into.counts, name, count)
}

function countsOf(history: History): Counts {
  const counts: Counts = { faults: history.faults.length }
  for (const { clientEvents, overrides } of history.keys.values()) {
    add(counts, 'overrides', overrides.length)
    for (const event of clientEvents) {
      if (event.kind === 'accepted') add(counts, `${event.op} accepted`, 1)
      else if (event.kind !== 'answered') add(counts, `client ${event.kind}`, 1)
    }
  }
  for (const second of history.seconds) {
    for (const [name, count] of Object.entries(second)) add(counts, name, Number(count))
  }
  return counts
}

function add(counts: Counts, name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by
}

/** An exception that explains more runs than this is none: something is wrong. */
const EXCEPTION_SHARE = 0.01
/** In a few runs chance counts for more. */
const EXCEPTION_FREE = 3

/** The exceptions that were met too often. */
export function overused({ runs, exceptions }: Totals): string[] {
  const most = Math.max(EXCEPTION_FREE, EXCEPTION_SHARE * runs)
  return Object.entries(exceptions)
    .filter(([, count]) => count > most)
    .map(([name, count]) => `"${name}" explains ${count} of ${runs} runs`)
}
