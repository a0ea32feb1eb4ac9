/**
 * The metrics of the catalog: name, unit, help.
 *
 * @module
 */

import type { MetricDefinition, SplitDefinition } from './metrics.ts'

/** With what the engine refuses; whatever else it may be is `other`. */
export const COMMIT_REFUSALS = [
  'limit_exceeded',
  'invalid_argument',
  'lease_not_found',
  'unavailable',
  'engine_full',
  'generation_changed',
  'outcome_unknown',
  'shutting_down',
  'other',
] as const
export type CommitRefusal = (typeof COMMIT_REFUSALS)[number]

/** Why the view was built. */
export const VIEW_BUILDS = ['start', 'restored', 'compacted'] as const
export type ViewBuild = (typeof VIEW_BUILDS)[number]

export const CATALOG_GAUGES = {
  catalogRevision: {
    name: 'rollcall_catalog_revision',
    unit: 'revisions',
    help: 'The newest revision of the catalog that this node knows of.',
  },
  catalogViewLag: {
    name: 'rollcall_catalog_view_lag_revisions',
    unit: 'revisions',
    help: 'Revisions that the view of this node has yet to apply.',
  },
  catalogStale: {
    name: 'rollcall_catalog_stale_seconds',
    unit: 'seconds',
    help: 'For how long the view has not been told of changes; 0 while it is.',
  },
  catalogBroken: {
    name: 'rollcall_catalog_broken',
    unit: '0 or 1',
    help: '1 while the catalog cannot be written, or not even be read. Instances do not notice.',
  },
  catalogKeys: {
    name: 'rollcall_catalog_keys',
    unit: 'keys',
    help: 'Keys of users.',
  },
  catalogLeases: {
    name: 'rollcall_catalog_leases',
    unit: 'leases',
    help: 'Leases that live.',
  },
  catalogBytes: {
    name: 'rollcall_catalog_bytes',
    unit: 'bytes',
    help: 'What the catalog takes on disk.',
  },
  kvWatchers: {
    name: 'rollcall_kv_watchers',
    unit: 'watchers',
    help: 'Open watch streams that watch keys.',
  },
  nsWatchers: {
    name: 'rollcall_ns_watchers',
    unit: 'watchers',
    help: 'Open watch streams that watch namespaces.',
  },
  machinesHeldBack: {
    name: 'rollcall_machines_held_back',
    unit: 'machines',
    help: 'Machines that are absent for long, and not declared dead because too many are at once.',
  },
} as const satisfies Record<string, MetricDefinition>

export const CATALOG_COUNTERS = {
  catalogBehind: {
    name: 'rollcall_catalog_behind_total',
    unit: 'writes',
    help: 'Writes that were answered before this node showed them.',
  },
  catalogWatchBreaks: {
    name: 'rollcall_catalog_watch_breaks_total',
    unit: 'breaks',
    help: 'Times that the view stopped following the engine, and went on later.',
  },
  leasesExpired: {
    name: 'rollcall_leases_expired_total',
    unit: 'leases',
    help: 'Leases that ended because nobody kept them alive.',
  },
} as const satisfies Record<string, MetricDefinition>

export const CATALOG_SPLIT_COUNTERS = {
  catalogRefusals: {
    name: 'rollcall_catalog_refusals_total',
    unit: 'commits',
    help: 'Commits that the engine refused, or whose outcome is not known.',
    label: 'code',
    values: COMMIT_REFUSALS,
  },
  catalogViews: {
    name: 'rollcall_catalog_views_total',
    unit: 'views',
    help: 'Views that were built from the whole catalog.',
    label: 'why',
    values: VIEW_BUILDS,
  },
} as const satisfies Record<string, SplitDefinition>

export interface HistogramDefinition extends MetricDefinition {
  readonly buckets: readonly number[]
}

export const CATALOG_HISTOGRAMS = {
  commitSeconds: {
    name: 'rollcall_catalog_commit_seconds',
    unit: 'seconds',
    help: 'Time of a commit of the catalog, until it is on the disk.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  commitGroup: {
    name: 'rollcall_catalog_group_commits',
    unit: 'commits',
    help: 'Commits that went to the disk together.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024],
  },
} as const satisfies Record<string, HistogramDefinition>
