/**
 * What replication counts. The composition root hands in something that exports it.
 *
 * @module
 */

import type { PeerMessage } from './messages.ts'

export type PeerMessageKind = PeerMessage['kind']

/**
 * Why a record of a peer was not merged. `future`: stamped too far ahead of our clock. `old`:
 * nobody vouched for it within the horizon. `limit`: the table is full. `malformed`: it is no
 * record that a node could have written.
 */
export const RECORD_REFUSAL_CAUSES = ['future', 'old', 'limit', 'malformed'] as const
export type RecordRefusalCause = (typeof RECORD_REFUSAL_CAUSES)[number]

/**
 * How a digest sync ended. `failed`: the peer was lost, or did not answer in time. `unready`: it
 * boots itself.
 */
export const SYNC_OUTCOMES = ['equal', 'repaired', 'failed', 'unready'] as const
export type SyncOutcome = (typeof SYNC_OUTCOMES)[number]

export interface ReplicationMetrics {
  sent(kind: PeerMessageKind, count?: number): void
  received(kind: PeerMessageKind, count?: number): void
  /** Records that left in batches and syncs, each sending counted. */
  recordsSent(count: number): void
  /** Records of peers that changed what is held here. */
  recordsMerged(count: number): void
  recordsRefused(cause: RecordRefusalCause, count: number): void
  /** Renewals that were sent towards their home. */
  forwarded(count: number): void
  /** Renewals that came from other nodes to this one, their home. */
  delivered(count: number): void
  synced(outcome: SyncOutcome): void
  /** An outbox had no room and was dropped for a sync. */
  overflowed(): void
}

const nothing = () => {}

/** Counts nothing. */
export const noReplicationMetrics: ReplicationMetrics = {
  sent: nothing,
  received: nothing,
  recordsSent: nothing,
  recordsMerged: nothing,
  recordsRefused: nothing,
  forwarded: nothing,
  delivered: nothing,
  synced: nothing,
  overflowed: nothing,
}
