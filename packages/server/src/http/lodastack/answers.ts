/**
 * The envelope of this protocol: `{httpstatus, data, msg}`, with the same status in HTTP.
 *
 * @module
 */

import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { INTERNAL, RETRY_AFTER_S } from '../problem.ts'
import type { Failed } from '../answer-failures.ts'
import { PLAIN_STATUS_OF } from '../plain-status.ts'
import type { Tree } from './ns.ts'
import { messageOf } from './words.ts'
import { JSON_TYPE } from '../json-type.ts'

const OK = 200
const SUCCESS = 'success'
/** Characters that are sent at once: an answer has many small pieces. */
const CHUNK = 16_384

/** Answers what was asked for. */
export function sendData(reply: FastifyReply, data: unknown): FastifyReply {
  return send(reply, { status: OK, data, message: '' })
}

/** Answers data that is JSON already and comes piece by piece. */
export function sendPieces(reply: FastifyReply, pieces: Iterable<string>): FastifyReply {
  return reply
    .code(OK)
    .type(JSON_TYPE)
    .send(Readable.from(enveloped(pieces)))
}

/** Answers that something was done. */
export function sendDone(reply: FastifyReply, made?: { readonly id: string }): FastifyReply {
  if (!made) return send(reply, { status: OK, data: null, message: SUCCESS })
  // Its documentation has the id in the message, and its code nowhere.
  return send(reply, { status: OK, data: made.id, message: made.id })
}

/** Answers a failure. */
export function fail(
  reply: FastifyReply,
  { failure = INTERNAL }: Failed,
  tree: Tree,
): FastifyReply {
  const retryAfterS = RETRY_AFTER_S[failure.code]
  if (retryAfterS !== undefined) void reply.header('retry-after', retryAfterS)
  const message = messageOf(failure, tree)
  return send(reply, { status: PLAIN_STATUS_OF[failure.code], data: null, message })
}

interface Envelope {
  readonly status: number
  readonly data: unknown
  readonly message: string
}

function send(reply: FastifyReply, { status, data, message }: Envelope): FastifyReply {
  const body = JSON.stringify({ httpstatus: status, data, msg: message })
  return reply.code(status).type(JSON_TYPE).send(body)
}

function* enveloped(pieces: Iterable<string>): Iterable<string> {
  let chunk = `{"httpstatus":${OK},"data":`
  for (const piece of pieces) {
    chunk += piece
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = ''
  }
  yield `${chunk},"msg":""}`
}
