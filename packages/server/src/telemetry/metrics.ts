/**
 * Every metric of a node: name, unit, help. `docs/reference/metrics.md` is written from it.
 *
 * Labels have few values, all known in advance: no service, instance, client or raw URL is ever
 * one, or a busy registry would fill the memory of whoever scrapes it. The one exception is
 * `peer`, the id of another node of the cluster, of which operators have few.
 *
 * @module
 */

import { CATALOG_COUNTERS, CATALOG_GAUGES, CATALOG_SPLIT_COUNTERS } from './catalog-definitions.ts'

/** One metric as it is described to people and to Prometheus. */
export interface MetricDefinition {
  readonly name: string
  /** What is counted or measured; base units, as Prometheus has them. */
  readonly unit: string
  readonly help: string
}

/** A counter with one child for each value of one label. */
export interface SplitDefinition<V extends string = string> extends MetricDefinition {
  readonly label: string
  readonly values: readonly V[]
}

/** How a registration ended. `renewed`: its content was known already. */
export const REGISTER_OUTCOMES = ['created', 'changed', 'renewed', 'superseded'] as const
export type RegisterOutcome = (typeof REGISTER_OUTCOMES)[number]

export const RENEW_OUTCOMES = ['renewed', 'missing', 'superseded'] as const
export type RenewOutcome = (typeof RENEW_OUTCOMES)[number]

export const RESYNC_CAUSES = [
  'slow',
  'too_old',
  'other_node',
  'restored',
  'compacted',
  'moved_in',
] as const
export type ResyncCause = (typeof RESYNC_CAUSES)[number]

export const WRITE_OUTCOMES = ['written', 'failed'] as const
export type WriteOutcome = (typeof WRITE_OUTCOMES)[number]

/** What nodes say to each other, by the names of the protocol. */
export const PEER_MESSAGES = [
  'batch',
  'ack',
  'forward',
  'forward-ack',
  'digest',
  'digest-answer',
  'buckets',
  'buckets-answer',
  'relay',
] as const
export type PeerMessageName = (typeof PEER_MESSAGES)[number]

/** Why somebody is not let in as a peer. */
export const PEER_REFUSALS = [
  'other_version',
  'secret_missing',
  'wrong_secret',
  'garbage',
  'too_big',
  'silent',
] as const
export type PeerRefusalName = (typeof PEER_REFUSALS)[number]

export const RECORD_REFUSALS = ['future', 'old', 'limit', 'malformed'] as const
export type RecordRefusal = (typeof RECORD_REFUSALS)[number]

export const SYNC_ENDS = ['equal', 'repaired', 'failed', 'unready'] as const
export type SyncEnd = (typeof SYNC_ENDS)[number]

/** Measured values that go up and down. */
export const GAUGES = {
  instances: {
    name: 'rollcall_instances',
    unit: 'instances',
    help: 'Instances that this node shows to readers.',
  },
  records: {
    name: 'rollcall_records',
    unit: 'records',
    help: 'Records that this node holds: shown, hidden and tombstones.',
  },
  tombstones: {
    name: 'rollcall_tombstones',
    unit: 'records',
    help: 'Records of cancelled and evicted instances.',
  },
  services: {
    name: 'rollcall_services',
    unit: 'services',
    help: 'Services with at least one instance that is shown, counted for each env.',
  },
  heldInstances: {
    name: 'rollcall_held_instances',
    unit: 'instances',
    help: 'Instances whose deadline passed and which protection keeps.',
  },
  protectedServices: {
    name: 'rollcall_protected_services',
    unit: 'services',
    help: 'Services under protection, counted for each env.',
  },
  revision: {
    name: 'rollcall_revision',
    unit: 'changes',
    help: 'Revision of the last visible change; starts over with the process.',
  },
  watchers: {
    name: 'rollcall_watchers',
    unit: 'watchers',
    help: 'Open watch streams.',
  },
  longPolls: {
    name: 'rollcall_long_polls',
    unit: 'requests',
    help: 'Long polls that wait for a change.',
  },
  warmStartBytes: {
    name: 'rollcall_warm_start_bytes',
    unit: 'bytes',
    help: 'Size of the last warm-start file that was written.',
  },
  members: {
    name: 'rollcall_members',
    unit: 'nodes',
    help: 'Nodes of the cluster that count, this one included.',
  },
  membersAlive: {
    name: 'rollcall_members_alive',
    unit: 'nodes',
    help: 'Nodes of the cluster that this one hears, itself included.',
  },
  minority: {
    name: 'rollcall_minority',
    unit: '0 or 1',
    help: '1 while this node hears fewer than half of the members, and hides nothing of theirs.',
  },
  eventLoopDelay: {
    name: 'rollcall_event_loop_delay_seconds',
    unit: 'seconds',
    help: 'How late the event loop ran what was due: 99th percentile since the last scrape.',
  },
  ...CATALOG_GAUGES,
} as const satisfies Record<string, MetricDefinition>

/** Measured values of each peer, by its id; a node that is no member any more has none. */
export const PEER_GAUGES = {
  peerOutbox: {
    name: 'rollcall_peer_outbox_records',
    unit: 'records',
    help: 'Records that the peer has yet to be told.',
  },
  peerLag: {
    name: 'rollcall_peer_lag_seconds',
    unit: 'seconds',
    help: 'How long the oldest of them has waited.',
  },
  peerSilence: {
    name: 'rollcall_peer_silence_seconds',
    unit: 'seconds',
    help: 'Since the last beat of the peer that was heard; absent where none was. Beyond 5 it is lost.',
  },
} as const satisfies Record<string, MetricDefinition>

/** What happened, since the process started. */
export const COUNTERS = {
  cancels: {
    name: 'rollcall_cancels_total',
    unit: 'instances',
    help: 'Instances that were cancelled by a request to this node.',
  },
  evictions: {
    name: 'rollcall_evictions_total',
    unit: 'instances',
    help: 'Instances that this node evicted because their deadline had passed.',
  },
  hidden: {
    name: 'rollcall_hidden_total',
    unit: 'instances',
    help: 'Instances that this node hid because their home was lost.',
  },
  claims: {
    name: 'rollcall_claims_total',
    unit: 'instances',
    help: 'Instances for which this node made itself home.',
  },
  changes: {
    name: 'rollcall_changes_total',
    unit: 'changes',
    help: 'Visible changes that went to watchers and long polls.',
  },
  stallSeconds: {
    name: 'rollcall_stall_seconds_total',
    unit: 'seconds',
    help: 'Time that this process stood still, by which deadlines were moved.',
  },
  selfFences: {
    name: 'rollcall_self_fences_total',
    unit: 'stalls',
    help: 'Stalls so long that this node took a new incarnation.',
  },
  peerRecordsSent: {
    name: 'rollcall_peer_records_sent_total',
    unit: 'records',
    help: 'Records that were sent to peers, again and again where they had to be.',
  },
  peerRecordsMerged: {
    name: 'rollcall_peer_records_merged_total',
    unit: 'records',
    help: 'Records of peers that changed what this node holds.',
  },
  peerRenewalsForwarded: {
    name: 'rollcall_peer_renewals_forwarded_total',
    unit: 'renewals',
    help: 'Renewals that this node sent towards the home of their instance.',
  },
  peerRenewalsDelivered: {
    name: 'rollcall_peer_renewals_delivered_total',
    unit: 'renewals',
    help: 'Renewals that came from other nodes.',
  },
  peerOutboxOverflows: {
    name: 'rollcall_peer_outbox_overflows_total',
    unit: 'outboxes',
    help: 'Outboxes that had no room and were dropped; the peer is synced instead.',
  },
  ...CATALOG_COUNTERS,
} as const satisfies Record<string, MetricDefinition>

/** What happened, split by how it ended. */
export const SPLIT_COUNTERS = {
  registrations: {
    name: 'rollcall_registrations_total',
    unit: 'requests',
    help: 'Registrations. renewed: equal to what was known; superseded: refused, since a newer process holds the instance.',
    label: 'outcome',
    values: REGISTER_OUTCOMES,
  },
  renewals: {
    name: 'rollcall_renewals_total',
    unit: 'renewals',
    help: 'Renewals, each of a bulk request by itself. missing: the client has to register again.',
    label: 'outcome',
    values: RENEW_OUTCOMES,
  },
  watcherResyncs: {
    name: 'rollcall_watcher_resyncs_total',
    unit: 'resyncs',
    help: 'Watchers that had to start over from a snapshot.',
    label: 'reason',
    values: RESYNC_CAUSES,
  },
  warmStartWrites: {
    name: 'rollcall_warm_start_writes_total',
    unit: 'writes',
    help: 'Writes of the warm-start file.',
    label: 'outcome',
    values: WRITE_OUTCOMES,
  },
  peerMessagesSent: {
    name: 'rollcall_peer_messages_sent_total',
    unit: 'messages',
    help: 'Messages to peers. relay: on behalf of a node that cannot reach another.',
    label: 'kind',
    values: PEER_MESSAGES,
  },
  peerMessagesReceived: {
    name: 'rollcall_peer_messages_received_total',
    unit: 'messages',
    help: 'Messages of peers.',
    label: 'kind',
    values: PEER_MESSAGES,
  },
  peerRefusals: {
    name: 'rollcall_peer_refusals_total',
    unit: 'channels',
    help: 'Channels to or from somebody who is no peer, or may be none.',
    label: 'reason',
    values: PEER_REFUSALS,
  },
  peerRecordsRefused: {
    name: 'rollcall_peer_records_refused_total',
    unit: 'records',
    help: 'Records of peers that were not merged. future: stamped more than a day ahead of our clock; old: nobody vouched for them lately.',
    label: 'reason',
    values: RECORD_REFUSALS,
  },
  peerSyncs: {
    name: 'rollcall_peer_syncs_total',
    unit: 'syncs',
    help: 'Comparisons of everything with a peer. repaired: something differed and was shipped; failed: the peer was lost or did not answer.',
    label: 'outcome',
    values: SYNC_ENDS,
  },
  ...CATALOG_SPLIT_COUNTERS,
} as const satisfies Record<string, SplitDefinition>

/** Requests, by method, pattern of the route and status. */
export const HTTP_REQUESTS = {
  name: 'rollcall_http_requests_total',
  unit: 'requests',
  help: 'Answered requests. route: the pattern, or unmatched.',
  labels: ['method', 'route', 'status'],
} as const

/** From one millisecond to a long registration burst; requests that wait on purpose are not timed. */
export const HTTP_DURATIONS = {
  name: 'rollcall_http_request_duration_seconds',
  unit: 'seconds',
  help: 'Time from the first byte of a request to the last of its answer; streams and long polls excepted.',
  labels: ['method', 'route'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
} as const
