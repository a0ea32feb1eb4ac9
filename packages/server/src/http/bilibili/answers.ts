/**
 * How this protocol answers: always HTTP 200, with the code in the body and in a header;
 * wrapped in a function call where the client asks for that (JSONP).
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { cacheWeight } from '../cache-weight.ts'
import { acceptsGzip, gzipNow } from '../gzip.ts'
import { OK } from './codes.ts'
import { JSON_TYPE } from '../json-type.ts'

const CACHE_MAX_BYTES = 64 * 1_024 * 1_024
/** What may be called: it is sent as a script, so it must be a name and nothing else. */
const CALLBACK = /^[A-Za-z_$][\w$]{0,63}(\.[A-Za-z_$][\w$]{0,63}){0,3}$/

/** The envelope of everything but `polls`; `data` is JSON already. */
export function envelope(code: number, data?: string): string {
  const tail = data === undefined ? '' : `,"data":${data}`
  return `{"code":${code},"message":"${code}","ttl":1${tail}}`
}

/** An answer that many get: encoded and compressed once. */
export interface SharedAnswer {
  readonly json: Buffer
  /** Undefined where it is not worth it. Made when first asked for. */
  gzipped(): Buffer | undefined
}

export class SharedAnswers {
  readonly #cache = new LRUCache<string, SharedAnswer>({
    maxSize: CACHE_MAX_BYTES,
    sizeCalculation: ({ json }, key) => cacheWeight(key, json.length),
  })

  /** The answer of a key, which `encode` makes where nobody has asked for it yet. */
  get(key: string, encode: () => string): SharedAnswer {
    const known = this.#cache.get(key)
    if (known) return known
    const made = shared(Buffer.from(encode()))
    this.#cache.set(key, made)
    return made
  }
}

/** Sends an answer of success. */
export function sendShared(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: SharedAnswer,
): FastifyReply {
  const callback = callbackOf(request)
  withCode(reply, OK)
  if (callback !== undefined) return sendCall(reply, callback, answer.json.toString())
  void reply.header('vary', 'accept-encoding')
  const gzipped = acceptsGzip(request) ? answer.gzipped() : undefined
  if (!gzipped) return reply.send(answer.json)
  return reply.header('content-encoding', 'gzip').send(gzipped)
}

/** Sends JSON whose body says `code`. */
export function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { code, json }: { readonly code: number; readonly json: string },
): FastifyReply {
  const callback = callbackOf(request)
  withCode(reply, code)
  return callback === undefined ? reply.send(json) : sendCall(reply, callback, json)
}

/** Marks an answer with its code, as JSON. */
export function withCode(reply: FastifyReply, code: number): FastifyReply {
  return reply.code(200).header('kratos-status-code', code).type(JSON_TYPE)
}

/** Refuses a `callback` that is no plain name. Throws `invalid_argument`. */
export function checkCallback(request: FastifyRequest): void {
  const asked = askedCallback(request)
  if (asked === '' || CALLBACK.test(asked)) return
  throw invalidArgument('callback must be the name of a function.', { field: 'callback' })
}

/** The function that the client wants called, where it has named a sound one. */
function callbackOf(request: FastifyRequest): string | undefined {
  const asked = askedCallback(request)
  return CALLBACK.test(asked) ? asked : undefined
}

function askedCallback({ url }: FastifyRequest): string {
  const queryAt = url.indexOf('?')
  if (queryAt < 0 || !url.includes('callback=', queryAt)) return ''
  return new URLSearchParams(url.slice(queryAt + 1)).get('callback') ?? ''
}

function sendCall(reply: FastifyReply, callback: string, json: string): FastifyReply {
  void reply.header('x-content-type-options', 'nosniff')
  return reply.type('application/javascript; charset=utf-8').send(`${callback}(${json})`)
}

function shared(json: Buffer): SharedAnswer {
  let gzipped: Buffer | undefined
  let isGzipped = false
  return {
    json,
    gzipped: () => {
      if (!isGzipped) gzipped = gzipNow(json)
      isGzipped = true
      return gzipped
    },
  }
}
