/**
 * The errors a caller can meet, and nothing about how they are shown: each adapter maps
 * codes to its own statuses. A code never changes meaning, and has a heading in
 * `docs/reference/errors.md` (a test checks both directions).
 *
 * @module
 */

/** Every code, in the order of the reference: what the caller sent, what is not there, what we cannot do. */
export const ERROR_CODES = [
  'invalid_argument',
  'invalid_json',
  'invalid_backup',
  'unauthenticated',
  'forbidden',
  'service_not_found',
  'instance_not_found',
  'key_not_found',
  'namespace_not_found',
  'resource_not_found',
  'lease_not_found',
  'member_not_found',
  'route_not_found',
  'method_not_allowed',
  'not_acceptable',
  'unsupported_media_type',
  'limit_exceeded',
  'uri_too_long',
  'headers_too_large',
  'superseded',
  'ambiguous_zone',
  'revision_conflict',
  'already_exists',
  'invalid_parent',
  'would_cycle',
  'not_empty',
  'idempotency_conflict',
  'not_a_cluster',
  'restore_in_progress',
  'lease_lost',
  'compacted',
  'schema_violation',
  'too_many_watchers',
  'not_ready',
  'shutting_down',
  'unavailable',
  'quorum_lost',
  'engine_full',
  'generation_changed',
  'outcome_unknown',
  'internal',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** Facts as JSON, so that they survive the wire unchanged. */
export type ErrorDetail =
  | string
  | number
  | boolean
  | null
  | readonly ErrorDetail[]
  | { readonly [key: string]: ErrorDetail }

export type ErrorDetails = Readonly<Record<string, ErrorDetail>>

export interface RegistryErrorOptions extends ErrorOptions {
  /** Facts that help the caller act, such as a key or a limit. Never a secret. */
  readonly details?: ErrorDetails
}

/** An expected failure, safe to show to a client. Anything else thrown is a bug. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, options: RegistryErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.details = options.details ?? {}
  }
}

/** Says whether something thrown is an expected failure with this code, from whichever copy of the package. */
export function hasCode(error: unknown, code: ErrorCode): error is RegistryError {
  return (
    error instanceof Error &&
    error.name === 'RegistryError' &&
    'code' in error &&
    error.code === code
  )
}

/** Refuses a value that is not of the form it must have. */
export function invalidArgument(message: string, details: ErrorDetails = {}): RegistryError {
  return new RegistryError('invalid_argument', message, { details })
}

/** Refuses a value of the right form that is too much. `what` names the limit, as the reference lists it. */
export function limitExceeded(what: string, limit: number, actual: number): RegistryError {
  const message = `The limit for ${what} is ${limit}, and this would be ${actual}; send less, or raise the limit where the configuration has it.`
  return new RegistryError('limit_exceeded', message, { details: { what, limit, actual } })
}
