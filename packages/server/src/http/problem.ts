/**
 * How errors look on the native API: a problem document (RFC 9457) with our code in it.
 *
 * @module
 */

import type { ErrorCode, ErrorDetails, Problem } from '@rollcall/protocol'
import { RegistryError } from '@rollcall/protocol'

/** The status of each code on the native API; other protocols have their own. */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  invalid_json: 400,
  invalid_backup: 400,
  unauthenticated: 401,
  forbidden: 403,
  service_not_found: 404,
  instance_not_found: 404,
  key_not_found: 404,
  namespace_not_found: 404,
  resource_not_found: 404,
  lease_not_found: 404,
  member_not_found: 404,
  route_not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  superseded: 409,
  ambiguous_zone: 409,
  revision_conflict: 409,
  already_exists: 409,
  invalid_parent: 409,
  would_cycle: 409,
  not_empty: 409,
  idempotency_conflict: 409,
  not_a_cluster: 409,
  restore_in_progress: 409,
  lease_lost: 410,
  compacted: 410,
  limit_exceeded: 413,
  uri_too_long: 414,
  unsupported_media_type: 415,
  schema_violation: 422,
  too_many_watchers: 429,
  headers_too_large: 431,
  internal: 500,
  not_ready: 503,
  shutting_down: 503,
  unavailable: 503,
  quorum_lost: 503,
  engine_full: 503,
  generation_changed: 503,
  outcome_unknown: 504,
}

/** Seconds after which a refused client may try again, for the codes where that helps. */
export const RETRY_AFTER_S: Partial<Record<ErrorCode, number>> = {
  too_many_watchers: 5,
  not_ready: 1,
  shutting_down: 1,
  unavailable: 1,
  quorum_lost: 1,
  engine_full: 60,
  generation_changed: 1,
}

export const PROBLEM_TYPE = 'application/problem+json'

/** Presents an expected failure. */
export function problemOf({ code, message, details }: RegistryError): Problem {
  return {
    type: `urn:rollcall:error:${code}`,
    code,
    title: titleOf(code),
    status: STATUS_OF[code],
    detail: message,
    details: { ...details },
  }
}

/** Presents a bug, of which the client learns nothing but that it is ours. */
export const INTERNAL = new RegistryError(
  'internal',
  'The node failed to answer; this is a bug, and its log says more.',
)

/** What a request without a token of this node is told to send. */
export const CHALLENGE = 'Bearer realm="rollcall"'

function titleOf(code: ErrorCode): string {
  const words = code.replaceAll('_', ' ')
  return words[0]?.toUpperCase() + words.slice(1)
}

/** Builds an expected failure that the HTTP layer itself finds. */
export function refusal(
  code: ErrorCode,
  message: string,
  details: ErrorDetails = {},
): RegistryError {
  return new RegistryError(code, message, { details })
}
