/**
 * What went wrong, in the numbers of this protocol. They stand in the body; HTTP says 200.
 *
 * @module
 */

import type { ErrorCode } from '@rollcall/protocol'

export const OK = 200
export const SERVER_ERROR = 500

/** The code of each of our errors. Clients register again on 404. */
export const CODE_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  invalid_json: 400,
  invalid_backup: 400,
  forbidden: 400,
  limit_exceeded: 400,
  ambiguous_zone: 400,
  schema_violation: 400,
  not_acceptable: 400,
  unsupported_media_type: 400,
  uri_too_long: 400,
  headers_too_large: 400,
  method_not_allowed: 400,
  unauthenticated: 400,
  service_not_found: 404,
  instance_not_found: 404,
  key_not_found: 404,
  namespace_not_found: 404,
  resource_not_found: 404,
  lease_not_found: 404,
  member_not_found: 404,
  route_not_found: 404,
  superseded: 409,
  revision_conflict: 409,
  already_exists: 409,
  invalid_parent: 409,
  would_cycle: 409,
  not_empty: 409,
  idempotency_conflict: 409,
  not_a_cluster: 409,
  restore_in_progress: 409,
  lease_lost: 404,
  compacted: 404,
  too_many_watchers: SERVER_ERROR,
  not_ready: SERVER_ERROR,
  shutting_down: SERVER_ERROR,
  unavailable: SERVER_ERROR,
  quorum_lost: SERVER_ERROR,
  engine_full: SERVER_ERROR,
  generation_changed: SERVER_ERROR,
  outcome_unknown: SERVER_ERROR,
  internal: SERVER_ERROR,
}
