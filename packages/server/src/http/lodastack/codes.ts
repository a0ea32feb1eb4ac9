/**
 * What went wrong, in the statuses and words of this protocol.
 *
 * @module
 */

import type { ErrorCode, RegistryError } from '@rollcall/protocol'

const BAD_REQUEST = 400
const NOT_FOUND = 404
const CONFLICT = 409
const SERVER_ERROR = 500
const NOT_NOW = 503

/**
 * The status of each of our errors. The original has 500 for whatever does not exist or is in the
 * way; its clients look for 200 and nothing else.
 */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: BAD_REQUEST,
  invalid_json: BAD_REQUEST,
  invalid_backup: BAD_REQUEST,
  not_acceptable: BAD_REQUEST,
  unsupported_media_type: BAD_REQUEST,
  ambiguous_zone: BAD_REQUEST,
  schema_violation: BAD_REQUEST,
  unauthenticated: 401,
  forbidden: 403,
  service_not_found: NOT_FOUND,
  instance_not_found: NOT_FOUND,
  key_not_found: NOT_FOUND,
  namespace_not_found: NOT_FOUND,
  resource_not_found: NOT_FOUND,
  lease_not_found: NOT_FOUND,
  lease_lost: NOT_FOUND,
  member_not_found: NOT_FOUND,
  route_not_found: NOT_FOUND,
  method_not_allowed: 405,
  superseded: CONFLICT,
  revision_conflict: CONFLICT,
  already_exists: CONFLICT,
  invalid_parent: CONFLICT,
  would_cycle: CONFLICT,
  not_empty: CONFLICT,
  idempotency_conflict: CONFLICT,
  restore_in_progress: CONFLICT,
  not_a_cluster: CONFLICT,
  limit_exceeded: 413,
  uri_too_long: 414,
  headers_too_large: 431,
  compacted: SERVER_ERROR,
  outcome_unknown: SERVER_ERROR,
  internal: SERVER_ERROR,
  too_many_watchers: NOT_NOW,
  not_ready: NOT_NOW,
  shutting_down: NOT_NOW,
  unavailable: NOT_NOW,
  quorum_lost: NOT_NOW,
  engine_full: NOT_NOW,
  generation_changed: NOT_NOW,
}

/** What the original says, where people or programs may know it by heart. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  not_empty: 'not allow to be delete',
}

/** Words a failure. */
export function messageOf({ code, message }: RegistryError): string {
  const words = WORDS[code]
  return words === undefined ? message : `${words}: ${message}`
}
