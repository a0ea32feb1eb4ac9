/**
 * What a node tells about itself: metrics and log.
 *
 * @module
 */

export { catalogMetrics, type CatalogReports } from './catalog-metrics.ts'
export { createMetrics, type Metrics, type MetricsOptions } from './create-metrics.ts'
export type { LogSink } from './fd-sink.ts'
export type {
  Counter,
  Gauge,
  Histogram,
  HttpObservation,
  HttpObserver,
  PeerGauge,
} from './handles.ts'
export { instanceMetrics, type InstanceReports } from './instance-metrics.ts'
export { createLog, type LogLevel, type LogOptions } from './log.ts'
export { replicationMetrics, type ReplicationReports } from './replication-metrics.ts'
export type { RegisterOutcome, RenewOutcome, ResyncCause, WriteOutcome } from './metrics.ts'
