/**
 * The metrics of the catalog, in its own words.
 *
 * @module
 */

import { COMMIT_REFUSALS, type CommitRefusal, type ViewBuild } from './catalog-definitions.ts'
import type { Metrics } from './create-metrics.ts'

/** What the catalog plane and its engine report. Each declares its own port; this fits both. */
export interface CatalogReports {
  committed(tookMs: number): void
  refused(code: string): void
  behind(): void
  viewBuilt(why: ViewBuild): void
  watchBroke(): void
  /** So many commits went to the disk together. */
  grouped(commits: number): void
  /** So many leases ended because nobody kept them alive. */
  expired(leases: number): void
}

type UsedMetrics = Pick<
  Metrics,
  | 'commitSeconds'
  | 'commitGroup'
  | 'catalogRefusals'
  | 'catalogBehind'
  | 'catalogViews'
  | 'catalogWatchBreaks'
  | 'leasesExpired'
>

/** Turns what the catalog reports into counters. */
export function catalogMetrics(metrics: UsedMetrics): CatalogReports {
  return {
    committed: (tookMs) => metrics.commitSeconds.observe(tookMs / 1_000),
    refused: (code) => metrics.catalogRefusals[isKnown(code) ? code : 'other'].inc(),
    behind: () => metrics.catalogBehind.inc(),
    viewBuilt: (why) => metrics.catalogViews[why].inc(),
    watchBroke: () => metrics.catalogWatchBreaks.inc(),
    grouped: (commits) => metrics.commitGroup.observe(commits),
    expired: (leases) => metrics.leasesExpired.inc(leases),
  }
}

const KNOWN: ReadonlySet<string> = new Set(COMMIT_REFUSALS)

function isKnown(code: string): code is CommitRefusal {
  return KNOWN.has(code)
}
