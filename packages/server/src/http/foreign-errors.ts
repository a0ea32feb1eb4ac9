/**
 * From what the HTTP framework throws to our own errors.
 *
 * @module
 */

import { RegistryError, limitExceeded, type ErrorCode } from '@rollcall/protocol'
import type { FastifyError, FastifyRequest } from 'fastify'
import { refusal } from './problem.ts'

const CODES: Readonly<Record<string, [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'The body must be JSON; send "Content-Type: application/json".',
  ],
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: [
    'unsupported_media_type',
    'The request needs a "Content-Type" header.',
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_json', 'The body is not JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_json', 'The body is empty.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'invalid_argument',
    'The body is not as long as its Content-Length says.',
  ],
  FST_ERR_BAD_URL: ['invalid_argument', 'The path is not percent-encoded correctly.'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri_too_long', 'A part of the path is longer than 2,048 characters.'],
}

/** Answers the expected failure that something thrown stands for; undefined for a bug. */
export function expectedFailure(
  error: unknown,
  request: FastifyRequest,
): RegistryError | undefined {
  if (error instanceof RegistryError) return error
  if (error === request.raw.errored) return cutOff()
  if (!isFastifyError(error)) return undefined
  if (error.validation) return invalid(error)
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(request)
  const known = CODES[error.code]
  return known ? refusal(known[0], known[1]) : undefined
}

type SchemaError = NonNullable<FastifyError['validation']>[number]
const REQUIRED = 'required'

function invalid(error: FastifyError): RegistryError {
  const errors = error.validation ?? []
  const told = innermost(errors)
  const where = [partOf(error), ...(told?.instancePath ?? '').split('/')]
  const field = where.filter((part) => part !== '').join('.')
  const message = `${field} ${told ? reasonOf(told, errors) : 'is not valid.'}`
  return refusal('invalid_argument', message, { field })
}

/** Of several forms that a part may have, all have been tried: the one that was meant went furthest. */
function innermost(errors: readonly SchemaError[]): SchemaError | undefined {
  const depthOf = ({ instancePath }: SchemaError) => instancePath.split('/').length
  const depth = Math.max(...errors.map(depthOf))
  return errors.find((each) => depthOf(each) === depth)
}

function reasonOf(told: SchemaError, errors: readonly SchemaError[]): string {
  const unknown = told.params['additionalProperty']
  if (typeof unknown === 'string') {
    return `has an unknown field "${unknown}"; leave it away or correct its name.`
  }
  const allowed: unknown = told.params['allowedValues']
  if (Array.isArray(allowed)) return `must be one of ${allowed.join(', ')}.`
  const missing = errors
    .filter(
      ({ instancePath, keyword }) => told.instancePath === instancePath && keyword === REQUIRED,
    )
    .map(({ params }) => `"${String(params['missingProperty'])}"`)
  const [first, ...others] = missing
  if (told.keyword !== REQUIRED || first === undefined || others.length === 0) {
    return `${told.message ?? 'is not valid'}.`
  }
  return `must have one of ${[first, ...others].join(', ')}.`
}

/** The part of the request, by the name that people use. */
function partOf({ validationContext }: FastifyError): string {
  if (validationContext === 'querystring') return 'query'
  return validationContext === 'params' ? 'path' : (validationContext ?? 'request')
}

/** Nobody is left to read this; it only says that there is nothing wrong with us. */
function cutOff(): RegistryError {
  return refusal('invalid_argument', 'The connection was lost before the body was complete.')
}

function tooLarge(request: FastifyRequest): RegistryError {
  const limit = request.routeOptions.bodyLimit
  const told = Number(request.headers['content-length'])
  return limitExceeded('request body bytes', limit, Number.isInteger(told) ? told : limit + 1)
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
