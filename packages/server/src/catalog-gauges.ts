/**
 * What the gauges of the catalog read when somebody scrapes.
 *
 * @module
 */

import type { Catalog } from './catalog/index.ts'
import type { Metrics } from './telemetry/index.ts'

type UsedMetrics = Pick<
  Metrics,
  | 'catalogRevision'
  | 'catalogViewLag'
  | 'catalogStale'
  | 'catalogBroken'
  | 'catalogKeys'
  | 'catalogLeases'
  | 'catalogBytes'
>

/** Points the gauges of the catalog at it. */
export function gaugeCatalog(metrics: UsedMetrics, catalog: Pick<Catalog, 'status'>): void {
  metrics.catalogRevision.collect(() => catalog.status().revision)
  metrics.catalogViewLag.collect(() => {
    const { revision, viewRevision } = catalog.status()
    return revision - viewRevision
  })
  metrics.catalogStale.collect(() => (catalog.status().staleMs ?? 0) / 1_000)
  metrics.catalogBroken.collect(() => Number(catalog.status().state !== 'ok'))
  metrics.catalogKeys.collect(() => catalog.status().keys)
  metrics.catalogLeases.collect(() => catalog.status().leases)
  metrics.catalogBytes.collect(() => catalog.status().sizeBytes)
}
