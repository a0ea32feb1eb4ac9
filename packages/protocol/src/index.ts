/**
 * What travels between a Rollcall node and its clients: types, JSON schemas, limits, names.
 *
 * @module
 */

export {
  BACKUP_TYPE,
  RESTORE_STATES,
  RestoreAnswer,
  RestoreStatus,
  type RestoreState,
} from './backup.ts'
export {
  CATALOG_ENGINES,
  CATALOG_STATES,
  CatalogView,
  Cluster,
  ClusterLeader,
  ETCD_ROLES,
  EtcdMemberView,
  MEMBER_STATES,
  Member,
  MemberList,
  MemberRemoval,
  type CatalogEngine,
  type CatalogState,
  type EtcdRole,
  type MemberState,
} from './cluster.ts'
export {
  ERROR_CODES,
  RegistryError,
  hasCode,
  invalidArgument,
  limitExceeded,
  type ErrorCode,
  type ErrorDetail,
  type ErrorDetails,
  type RegistryErrorOptions,
} from './errors.ts'
export { Explanation, HISTORY_EVENTS, HistoryEvent, VERDICTS } from './explain.ts'
export type { HistoryEventName, Verdict } from './explain.ts'
export { HeartbeatItem, HeartbeatsAnswer, HeartbeatsBody, InstanceRef } from './heartbeat.ts'
export {
  ADDRESS_PATTERN,
  INSTANCE_STATUSES,
  Instance,
  InstanceStatus,
  Name,
  PatchBody,
  RegisterBody,
  Session,
} from './instance.ts'
export { Key, KvDeleted, KvEntry, KvList, KvPutAnswer, LeaseId, Revision } from './kv.ts'
export {
  GrantAnswer,
  GrantBody,
  KeepAliveAnswer,
  KeepAliveBody,
  LEASE_KINDS,
  LEASE_STATES,
  LeaseList,
  LeaseSummary,
  LeaseView,
  RenewedLease,
  type LeaseKind,
  type LeaseState,
} from './lease.ts'
export { LIMITS } from './limits.ts'
export {
  DISCOVERY_SERVICE,
  MACHINE_SERVICE,
  NAME_PATTERN,
  RESERVED_PREFIX,
  isName,
} from './names.ts'
export {
  NAMESPACE_KINDS,
  Namespace,
  NamespacePatch,
  NamespaceTree,
  NewNamespace,
  type NamespaceKind,
} from './namespace.ts'
export { API_BASE, HEADERS, Health, NotReady, Problem } from './problem.ts'
export { ResourceType, ResourceTypeList, TypeBody } from './resource-type.ts'
export {
  BatchAnswer,
  BatchBody,
  NewResource,
  ReplaceAnswer,
  ReplaceBody,
  Resource,
  ResourceList,
  ResourceOperation,
  ResourcePatch,
  ResourceRows,
  TransferAnswer,
  TransferBody,
} from './resource.ts'
export { SEARCH_MODES, SearchAnswer, SearchHit, type SearchMode } from './search.ts'
export {
  PROTECTION_ACTIONS,
  PROTECTION_REASONS,
  Protected,
  ProtectionAnswer,
  ProtectionBody,
  ServiceList,
  ServiceSummary,
  ServiceView,
  type ProtectionAction,
} from './service.ts'
export {
  COMPARE_OPS,
  TxnAnswer,
  TxnBody,
  TxnCompare,
  TxnOperation,
  TxnResult,
  type CompareOp,
} from './txn.ts'
export {
  ByeEvent,
  ChangeEvent,
  KvEvent,
  KvSnapshotEvent,
  NAMESPACE_CHANGES,
  NsEvent,
  NsSnapshotEvent,
  PingEvent,
  REMOVAL_REASONS,
  RESYNC_REASONS,
  Removal,
  ResyncEvent,
  SnapshotEvent,
  WATCH_PARTS,
  WatchedPut,
  type NamespaceChangeKind,
  type RemovalReason,
  type ResyncReason,
  type WatchPart,
} from './watch.ts'
