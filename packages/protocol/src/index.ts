/**
 * What travels between a Rollcall node and its clients: types, JSON schemas, limits, names.
 *
 * @module
 */

export {
  Cluster,
  MEMBER_STATES,
  Member,
  MemberList,
  MemberRemoval,
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
export { LIMITS } from './limits.ts'
export {
  DISCOVERY_SERVICE,
  MACHINE_SERVICE,
  NAME_PATTERN,
  RESERVED_PREFIX,
  isName,
} from './names.ts'
export { API_BASE, HEADERS, Health, NotReady, Problem } from './problem.ts'
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
  ByeEvent,
  ChangeEvent,
  PingEvent,
  REMOVAL_REASONS,
  RESYNC_REASONS,
  Removal,
  ResyncEvent,
  SnapshotEvent,
  type RemovalReason,
  type ResyncReason,
} from './watch.ts'
