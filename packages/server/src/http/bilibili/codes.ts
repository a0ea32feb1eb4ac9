/**
 * What went wrong, in the numbers of this protocol. They stand in the body; HTTP says 200.
 *
 * @module
 */

import type { ErrorCode } from '@rollcall/protocol'

export const OK = 0
/** Nothing newer than what the reader has. */
export const NOT_MODIFIED = -304
export const NOT_FOUND = -404
/** The node has something newer; it is in `data`. */
export const CONFLICT = -409
export const SERVER_ERROR = -500

/** The code of each of our errors. Clients re-register on -404 alone, and go elsewhere on the others. */
export const CODE_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: -400,
  invalid_json: -400,
  invalid_backup: -400,
  not_acceptable: -400,
  unsupported_media_type: -400,
  uri_too_long: -400,
  headers_too_large: -400,
  ambiguous_zone: -400,
  schema_violation: -400,
  unauthenticated: -401,
  forbidden: -403,
  service_not_found: NOT_FOUND,
  instance_not_found: NOT_FOUND,
  key_not_found: NOT_FOUND,
  namespace_not_found: NOT_FOUND,
  resource_not_found: NOT_FOUND,
  lease_not_found: NOT_FOUND,
  member_not_found: NOT_FOUND,
  route_not_found: NOT_FOUND,
  method_not_allowed: -405,
  superseded: CONFLICT,
  revision_conflict: CONFLICT,
  already_exists: CONFLICT,
  invalid_parent: CONFLICT,
  would_cycle: CONFLICT,
  not_empty: CONFLICT,
  idempotency_conflict: CONFLICT,
  not_a_cluster: CONFLICT,
  restore_in_progress: CONFLICT,
  lease_lost: NOT_FOUND,
  compacted: NOT_FOUND,
  internal: SERVER_ERROR,
  not_ready: SERVER_ERROR,
  too_many_watchers: -503,
  shutting_down: -503,
  unavailable: -503,
  quorum_lost: -503,
  engine_full: -503,
  generation_changed: -503,
  outcome_unknown: -504,
  limit_exceeded: -509,
}
