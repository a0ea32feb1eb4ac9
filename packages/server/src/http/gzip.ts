/**
 * Compresses answers for clients that accept it.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { gzip, gzipSync } from 'node:zlib'
import { promisify } from 'node:util'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { JSON_TYPE } from './json-type.ts'

/** Smaller answers fit in a packet or two either way. */
const GZIP_MIN_BYTES = 1_024
/** Bodies change often and are compressed while others wait: speed over size. */
const LEVEL = { level: 3 }

const gzipAsync = promisify(gzip)

export function acceptsGzip({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const accepted = headers['accept-encoding']
  return typeof accepted === 'string' && /\bgzip\b(?!\s*;\s*q=0(\.0+)?\s*(,|$))/.test(accepted)
}

/** Compresses at once, for bodies that are kept; undefined where it is not worth it. */
export function gzipNow(body: Buffer): Buffer | undefined {
  return body.length < GZIP_MIN_BYTES ? undefined : gzipSync(body, LEVEL)
}

/** Compresses text answers that no route has compressed itself. */
export function gzipAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (!isText(payload, reply) || payload.length < GZIP_MIN_BYTES) return payload
    if (!acceptsGzip(request) || reply.hasHeader('content-encoding')) return payload
    const compressed = await gzipAsync(payload, LEVEL)
    void reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding')
    return compressed
  })
}

/** Text, or JSON as bytes; all other bytes are what somebody has stored, and go out as they are. */
function isText(payload: unknown, reply: FastifyReply): payload is string | Buffer {
  if (typeof payload === 'string') return true
  return Buffer.isBuffer(payload) && reply.getHeader('content-type') === JSON_TYPE
}
