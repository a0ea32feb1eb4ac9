/**
 * What a node tells about itself: metrics and log.
 *
 * @module
 */

export { createMetrics, type Metrics, type MetricsOptions } from './create-metrics.ts'
export type { LogSink } from './fd-sink.ts'
export type { Counter, Gauge, HttpObservation, HttpObserver, PeerGauge } from './handles.ts'
export { instanceMetrics, type InstanceReports } from './instance-metrics.ts'
export { createLog, type LogLevel, type LogOptions } from './log.ts'
export { replicationMetrics, type ReplicationReports } from './replication-metrics.ts'
export type { RegisterOutcome, RenewOutcome, ResyncCause, WriteOutcome } from './metrics.ts'
