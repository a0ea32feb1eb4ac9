/**
 * What went wrong, in the statuses of this protocol.
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
 * The status of each of our errors. The original has 400, 404, 500 and 503; the others are for
 * what it has no case of.
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
  not_a_cluster: CONFLICT,
  restore_in_progress: CONFLICT,
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

/** What the original says of a lease that is not there, or no longer; its clients may look for it. */
const NO_LEASE = 'can not find this Lease'

/** What stands for a failure on the wire. */
export interface Refusal {
  readonly status: number
  /** Absent: the body is empty. */
  readonly body?: string
}

/**
 * Words a failure as the original does: wrong parameters are `null`, everything else is a string
 * of JSON. A key that is not there has no body, so that what is saved from it is empty as ever.
 */
export function refusalOf({ code, message }: RegistryError): Refusal {
  const status = STATUS_OF[code]
  if (code === 'key_not_found') return { status }
  if (code === 'lease_not_found') return { status, body: JSON.stringify(NO_LEASE) }
  return { status, body: status === BAD_REQUEST ? 'null' : JSON.stringify(message) }
}
