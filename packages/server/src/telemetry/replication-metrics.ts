/**
 * The metrics of replication, in its own words.
 *
 * @module
 */

import type { Metrics } from './create-metrics.ts'
import type { PeerMessageName, PeerRefusalName, RecordRefusal, SyncEnd } from './metrics.ts'

/**
 * What replication and the channels between nodes report. Each declares its own port; this fits
 * both.
 */
export interface ReplicationReports {
  sent(kind: PeerMessageName, count?: number): void
  received(kind: PeerMessageName, count?: number): void
  refused(reason: PeerRefusalName): void
  recordsSent(count: number): void
  recordsMerged(count: number): void
  recordsRefused(cause: RecordRefusal, count: number): void
  forwarded(count: number): void
  delivered(count: number): void
  synced(outcome: SyncEnd): void
  overflowed(): void
}

type UsedMetrics = Pick<
  Metrics,
  | 'peerMessagesSent'
  | 'peerMessagesReceived'
  | 'peerRefusals'
  | 'peerRecordsSent'
  | 'peerRecordsMerged'
  | 'peerRecordsRefused'
  | 'peerRenewalsForwarded'
  | 'peerRenewalsDelivered'
  | 'peerSyncs'
  | 'peerOutboxOverflows'
>

/** Turns what replication reports into counters. */
export function replicationMetrics(metrics: UsedMetrics): ReplicationReports {
  return {
    sent: (kind, count) => metrics.peerMessagesSent[kind].inc(count),
    received: (kind, count) => metrics.peerMessagesReceived[kind].inc(count),
    refused: (reason) => metrics.peerRefusals[reason].inc(),
    recordsSent: (count) => metrics.peerRecordsSent.inc(count),
    recordsMerged: (count) => metrics.peerRecordsMerged.inc(count),
    recordsRefused: (cause, count) => metrics.peerRecordsRefused[cause].inc(count),
    forwarded: (count) => metrics.peerRenewalsForwarded.inc(count),
    delivered: (count) => metrics.peerRenewalsDelivered.inc(count),
    synced: (outcome) => metrics.peerSyncs[outcome].inc(),
    overflowed: () => metrics.peerOutboxOverflows.inc(),
  }
}
