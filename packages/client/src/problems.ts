/**
 * How a refusal on the wire becomes an error to catch.
 *
 * @module
 */

import { ERROR_CODES, RegistryError, type ErrorCode, type ErrorDetails } from '@rollcall/protocol'

/** What was answered instead of the thing that was asked for. */
export interface Refusal {
  readonly status: number
  /** The parsed body; undefined where it was no JSON. */
  readonly body: unknown
  readonly server: string
}

/**
 * Makes the error of a refusal. A code that this version does not know becomes `internal` and
 * stays readable as `details.code`. What is no problem document comes from something between
 * us and a node: `unavailable` where that says it found none, else `internal`.
 */
export function errorOf({ status, body, server }: Refusal): RegistryError {
  const code = fieldOf(body, 'code')
  if (typeof code !== 'string') return foreign(status, server)
  const detail = fieldOf(body, 'detail')
  const message = typeof detail === 'string' ? detail : `The registry answered ${status} ${code}.`
  const details = detailsOf(fieldOf(body, 'details'))
  if (isErrorCode(code)) return new RegistryError(code, message, { details })
  return new RegistryError('internal', message, { details: { ...details, code, status } })
}

/** Says whether something thrown is an expected failure, from whichever copy of the package. */
export function isRegistryError(error: unknown): error is RegistryError {
  return error instanceof Error && error.name === 'RegistryError' && 'code' in error
}

/**
 * The codes that say "not here, not now": another server, or the same one later, may do it. What
 * may have happened already is among them: see `callOnce` for what must not happen twice.
 */
const TRY_ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'not_ready',
  'shutting_down',
  'unavailable',
  'too_many_watchers',
  'generation_changed',
  'outcome_unknown',
])

/** Says whether the next server should be asked. */
export function worthAnotherServer(error: unknown): boolean {
  return isRegistryError(error) && TRY_ELSEWHERE.has(error.code)
}

/** Says whether the same call may succeed later; else its content or its right is refused. */
export function worthAnotherTime(error: unknown): boolean {
  return worthAnotherServer(error) || (isRegistryError(error) && error.code === 'internal')
}

/** Says whether a request that failed may have been done all the same. */
export function mayBeDone({ code, details }: RegistryError): boolean {
  return code === 'outcome_unknown' || details['mayBeDone'] === true
}

function foreign(status: number, server: string): RegistryError {
  // One in between may give up on a node that goes on.
  const lost = status === 502 || status === 504
  const gone = lost || status === 503
  const message = `${server} answered ${status} without a problem document; is it a registry?`
  return new RegistryError(gone ? 'unavailable' : 'internal', message, {
    details: { status, server, ...(lost && { mayBeDone: true }) },
  })
}

function isErrorCode(code: string): code is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(code)
}

function detailsOf(value: unknown): ErrorDetails {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as ErrorDetails)
    : {}
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}
