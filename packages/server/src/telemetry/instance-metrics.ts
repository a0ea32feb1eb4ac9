/**
 * The metrics of the instance plane, in the plane's own words.
 *
 * @module
 */

import type { Metrics } from './create-metrics.ts'
import type { RegisterOutcome, RenewOutcome } from './metrics.ts'

/** What the instance plane reports. The plane declares its own port; this fits it. */
export interface InstanceReports {
  registered(outcome: RegisterOutcome): void
  renewed(outcome: RenewOutcome, count?: number): void
  cancelled(): void
  evicted(count?: number): void
  hidden(count?: number): void
  claimed(count?: number): void
  changed(count?: number): void
  /** The process stood still for this long. */
  stalled(ms: number): void
  /** A stall was so long that the node took a new incarnation. */
  fenced(): void
}

type UsedMetrics = Pick<
  Metrics,
  | 'registrations'
  | 'renewals'
  | 'cancels'
  | 'evictions'
  | 'hidden'
  | 'claims'
  | 'changes'
  | 'stallSeconds'
  | 'selfFences'
>

/** Turns what the plane reports into counters. */
export function instanceMetrics(metrics: UsedMetrics): InstanceReports {
  return {
    registered: (outcome) => metrics.registrations[outcome].inc(),
    renewed: (outcome, count) => metrics.renewals[outcome].inc(count),
    cancelled: () => metrics.cancels.inc(),
    evicted: (count) => metrics.evictions.inc(count),
    hidden: (count) => metrics.hidden.inc(count),
    claimed: (count) => metrics.claims.inc(count),
    changed: (count) => metrics.changes.inc(count),
    stalled: (ms) => metrics.stallSeconds.inc(ms / 1_000),
    fenced: () => metrics.selfFences.inc(),
  }
}
