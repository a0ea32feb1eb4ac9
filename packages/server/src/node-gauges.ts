/**
 * What the node's gauges read when somebody scrapes.
 *
 * @module
 */

import type { InstancePlane } from './instances/index.ts'
import type { Metrics } from './telemetry/index.ts'

/** Points the gauges of the instance plane at it. */
export function gaugeInstances(metrics: Metrics, instances: InstancePlane): void {
  metrics.instances.collect(() => instances.stats().shown)
  metrics.records.collect(() => instances.stats().records)
  metrics.tombstones.collect(() => instances.stats().tombstones)
  metrics.services.collect(() => instances.stats().services)
  metrics.heldInstances.collect(() => instances.stats().held)
  metrics.protectedServices.collect(() => instances.stats().protectedServices)
  metrics.revision.collect(() => instances.stats().revision)
}
