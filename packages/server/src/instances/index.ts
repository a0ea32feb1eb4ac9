/**
 * The instance plane: which instances there are, which are alive, and what changed.
 * `DESIGN.md` says what for and how, `SPEC.md` states the rules and the tests that hold them.
 *
 * @module
 */

export type { ServiceChanges } from './change-feed.ts'
export type { Changed } from './change-set.ts'
export type { ShownInstance } from './entry.ts'
export type { Explanation, ExplainQuery, Place } from './explain.ts'
export type { FactsRequest } from './facts.ts'
export type { InstanceMetrics } from './instance-metrics.ts'
export type { LoadTally } from './load.ts'
export {
  InstancePlane,
  type BatchRenewal,
  type PlaneStats,
  type Registered,
  type Spreading,
} from './plane.ts'
export type { PlaneLimits, PlaneOptions } from './plane-core.ts'
export type { ProtectionState } from './protection.ts'
export { effectiveStatus, statusOverride, type LiveRecord } from './record.ts'
export type { RegisterRequest } from './register.ts'
export type { Evidence } from './renew.ts'
export {
  ClusterStatusView,
  type ClusterStatus,
  type MemberStatus,
} from './replication/cluster-status.ts'
export type { BootEnd } from './replication/boot.ts'
export { encodeMessage, MessageDecoder } from './replication/message-codec.ts'
export type { PeerMessage } from './replication/messages.ts'
export type { PeerIdentity, PeerListener, PeerTransport } from './replication/peer-transport.ts'
export { noReplicationMetrics, type ReplicationMetrics } from './replication/replication-metrics.ts'
export type { ReplicationState } from './replication/replication-state.ts'
export { Replicator, type ReplicatorOptions } from './replication/replicator.ts'
export type { Resumption } from './resume.ts'
export type { Patch } from './set.ts'
export type { ListQuery, ServiceSnapshot, ServiceSummary } from './views.ts'
export { wallMsOf } from './stamp.ts'
export { WarmStart, type WarmStartOptions } from './warm-start/warm-start.ts'
