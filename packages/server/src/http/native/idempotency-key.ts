/**
 * The header by which a write that is sent twice is done once.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { HEADERS, LIMITS, invalidArgument } from '@rollcall/protocol'
import type { FastifyRequest } from 'fastify'
import type { Idempotency } from '../../catalog/index.ts'

const KEY = new RegExp(`^[!-~]{1,${LIMITS.idempotencyKeyMaxLength}}$`)

/** The key of a request, and what tells it from another with the same key; undefined without one. */
export function idempotencyOf(
  request: Pick<FastifyRequest, 'method' | 'url' | 'headers' | 'body'>,
): Idempotency | undefined {
  const key = request.headers[HEADERS.idempotencyKey]
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !KEY.test(key)) {
    const message = `Idempotency-Key must be 1 to ${LIMITS.idempotencyKeyMaxLength} visible ASCII characters, given once.`
    throw invalidArgument(message, { field: `headers.${HEADERS.idempotencyKey}` })
  }
  return { key, request: digestOf(request) }
}

function digestOf({ method, url, body }: Pick<FastifyRequest, 'method' | 'url' | 'body'>): string {
  const hash = createHash('sha256').update(`${method} ${url}\n`)
  // Parsed and written again: the same words with other spaces are the same request.
  if (body !== undefined) hash.update(Buffer.isBuffer(body) ? body : JSON.stringify(body))
  return hash.digest('base64')
}
