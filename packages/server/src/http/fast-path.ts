/**
 * A shortcut before the router, and before the HTTP parser where it can be, for the few
 * requests that make up nearly all traffic: reading one whole service, renewing one instance,
 * reading one key and setting one. Of everything unusual (a query, a condition, an escape that is
 * no slash of a key, a refusal) it knows nothing and leaves it to the routes, which answer these
 * alike; `fast-path.test.ts` compares the answers byte for byte.
 *
 * A connection begins here, and is handed to the HTTP server with the first bytes that are
 * not exactly one such request; from then on it comes by here request by request.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { API_BASE, HEADERS, isName } from '@rollcall/protocol'
import type { Clock, Logger } from '@rollcall/runtime'
import { LRUCache } from 'lru-cache'
import type { Catalog } from '../catalog/index.ts'
import type { InstancePlane } from '../instances/index.ts'
import type { InstanceRef, ServiceKey } from '../model/instance-key.ts'
import type { Authorize } from '../security/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { ClosingLines } from './closing-lines.ts'
import { FastConnections, type FastAnswer } from './fast-connections.ts'
import { acceptsGzip } from './gzip.ts'
import { instanceFilter } from './instance-filter.ts'
import { KvShortcut, type KvWish } from './kv-shortcut.ts'
import { parsePlainHeaders, parsePlainLine } from './plain-head.ts'
import type { Readiness } from './readiness.ts'
import { sendService, serviceHeaders } from './send-service.ts'
import type { ServiceBodies, ServiceBody } from './service-bodies.ts'

export interface FastPathOptions {
  readonly node: string
  readonly instances: InstancePlane
  /** Without it no key is known. */
  readonly catalog?: Catalog | undefined
  readonly bodies: ServiceBodies
  readonly authorize: Authorize
  readonly readiness: Readiness
  readonly metrics: Pick<Metrics, 'http'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'wallMs'>
  readonly limits: { readonly catalogBodyMaxBytes: number }
  readonly log: Logger
}

/** What a request asks for, as far as its head tells. */
type Wish = ServiceWish | KvWish
type ServiceWish =
  | { readonly kind: 'read'; readonly key: ServiceKey; readonly gzip: boolean }
  | { readonly kind: 'renew'; readonly ref: InstanceRef }

const SERVICES = `${API_BASE}/services/`
/** Names that stand in a path as they are; others need escapes, and the router. */
const READ = /^[A-Za-z0-9._:-]+$/
const RENEW = /^([A-Za-z0-9._:-]+)\/instances\/([A-Za-z0-9._:-]+)\/heartbeat$/
const EVERYTHING = instanceFilter({})
/** Clients ask the same again and again, in the very same words. */
const HEADS_REMEMBERED = 1_000
const HEAD_MAX_BYTES = 1_024
const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = '\r\n'
const READ_START = `GET ${SERVICES}`

/** The headers of a request, and whether it is a plain one as far as they tell. */
interface Tail {
  readonly headers: IncomingMessage['headers']
  readonly isPlain: boolean
}

export class FastPath {
  readonly #options: FastPathOptions
  readonly #closing: ClosingLines
  readonly #kv: KvShortcut | undefined
  readonly #connections = new FastConnections((chunk) => this.#answerTo(chunk))
  readonly #reads = new LRUCache<string, Wish>({ max: HEADS_REMEMBERED })
  /** What follows the first line, which clients send alike whatever they ask for. */
  readonly #tails = new LRUCache<string, Tail>({ max: HEADS_REMEMBERED })
  readonly #wires = new WeakMap<ServiceBody, { second: number; plain?: Buffer; gzip?: Buffer }>()
  readonly #observeRead: (durationMs: number) => void
  readonly #observeRenewal: (durationMs: number) => void

  constructor(options: FastPathOptions) {
    this.#options = options
    const { catalog, clock } = options
    this.#closing = new ClosingLines(clock)
    this.#kv = catalog && new KvShortcut({ ...options, catalog, closing: this.#closing })
    const { http } = options.metrics
    const read = { method: 'GET', route: `${SERVICES}:service`, status: 200 }
    const route = `${SERVICES}:service/instances/:id/heartbeat`
    this.#observeRead = http.observer(read)
    this.#observeRenewal = http.observer({ method: 'POST', route, status: 204 })
  }

  /** Answers a request that the HTTP server has read, or says false and has done nothing. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const wish = this.#wishOf(request, request.headers)
    // A body is still to come, and is for the route to read.
    if (!wish || wish.kind === 'put') return false
    const { node, clock } = this.#options
    const startMs = clock.monotonicMs()
    if (wish.kind === 'read') {
      const body = this.#read(wish.key)
      if (!body) return false
      sendService({ node, request, response }, body)
      this.#observeRead(clock.monotonicMs() - startMs)
      return true
    }
    if (wish.kind === 'get') return this.#sendValue(wish.key, response)
    const home = this.#renew(wish.ref)
    if (home === undefined) return false
    response.writeHead(204, [HEADERS.node, node, HEADERS.home, home])
    response.end()
    this.#observeRenewal(clock.monotonicMs() - startMs)
    return true
  }

  /** Serves a new connection for as long as it asks for nothing else. */
  serve(socket: Socket, handOver: (socket: Socket) => void): void {
    this.#connections.serve(socket, handOver)
  }

  /** Ends the connections that are still here, once they have taken their answers. */
  close(): void {
    this.#connections.close()
  }

  /** Ends them at once. */
  cutOff(): void {
    this.#connections.cutOff()
  }

  /** The whole answer to a chunk that is exactly one plain request. */
  #answerTo(chunk: Buffer): FastAnswer | undefined {
    const headEnd = chunk.indexOf(HEAD_END)
    const bodyAt = headEnd + HEAD_END.length
    if (headEnd < 0 || bodyAt > HEAD_MAX_BYTES) return undefined
    const text = chunk.toString('latin1', 0, bodyAt)
    const wish = (isReadAgain(text) ? this.#reads.get(text) : undefined) ?? this.#parse(text)
    if (!wish || !this.#options.readiness.isReady) return undefined
    const bytes = chunk.length - bodyAt
    if (wish.kind === 'put') {
      if (bytes !== wish.bytes) return undefined
      // The rest of what the chunk lies in is used for others.
      return this.#kv?.put(wish, Buffer.from(chunk.subarray(bodyAt)))
    }
    if (bytes > 0) return undefined
    return wish.kind === 'get' ? this.#kv?.get(wish.key) : this.#answerOf(wish)
  }

  #answerOf(wish: ServiceWish): Buffer | string | undefined {
    const { node, clock } = this.#options
    const startMs = clock.monotonicMs()
    if (wish.kind === 'read') {
      const body = this.#read(wish.key)
      const answer = body && this.#wire(body, wish.gzip)
      if (answer) this.#observeRead(clock.monotonicMs() - startMs)
      return answer
    }
    const home = this.#renew(wish.ref)
    if (home === undefined) return undefined
    this.#observeRenewal(clock.monotonicMs() - startMs)
    return `HTTP/1.1 204 No Content\r\n${HEADERS.node}: ${node}\r\n${HEADERS.home}: ${home}\r\n${this.#closing.now().text}`
  }

  #parse(text: string): Wish | undefined {
    const lineEnd = text.indexOf(LINE_END)
    const line = parsePlainLine(text.slice(0, lineEnd))
    const tail = this.#tailOf(text.slice(lineEnd + LINE_END.length), line?.url)
    if (!line || !tail?.isPlain) return undefined
    const wish = this.#plainWishOf(line, tail.headers)
    if (wish?.kind === 'read') this.#reads.set(text, wish)
    return wish
  }

  /** No path that is known here is open to those who may not call the others. */
  #tailOf(text: string, path: string = ''): Tail | undefined {
    const known = this.#tails.get(text)
    if (known) return known
    const headers = parsePlainHeaders(text)
    if (!headers || !isOurs(path)) return undefined
    const tail = { headers, isPlain: this.#isPlain(path, headers) }
    // Who may call, and whether we answer, is not of the head alone; and some come only once.
    const comesAgain = headers[HEADERS.idempotencyKey] === undefined
    if (tail.isPlain && comesAgain) this.#tails.set(text, tail)
    return tail
  }

  #wishOf(line: PlainRequest, headers: IncomingMessage['headers']): Wish | undefined {
    const { url = '' } = line
    if (!isOurs(url) || !this.#isPlain(url, headers)) return undefined
    return this.#plainWishOf({ method: line.method ?? '', url }, headers)
  }

  #plainWishOf(
    line: { readonly method: string; readonly url: string },
    headers: IncomingMessage['headers'],
  ): Wish | undefined {
    const { method, url } = line
    if (!url.startsWith(SERVICES)) return this.#kv?.wishOf(line, headers)
    const rest = url.slice(SERVICES.length)
    const { env } = this.#options.instances.place
    if (method === 'GET' && hasNoBody(headers) && READ.test(rest) && isName(rest)) {
      return { kind: 'read', key: { env, service: rest }, gzip: acceptsGzip({ headers }) }
    }
    if (method !== 'POST' || !hasNoBody(headers)) return undefined
    const [, service = '', id = ''] = RENEW.exec(rest) ?? []
    return isName(service) && isName(id) ? { kind: 'renew', ref: { env, service, id } } : undefined
  }

  /** No condition and no special wish, from somebody who may ask, while we answer. */
  #isPlain(path: string, headers: IncomingMessage['headers']): boolean {
    if (!this.#options.readiness.isReady) return false
    if (headers['if-none-match'] !== undefined || headers.expect !== undefined) return false
    if (headers[HEADERS.minRevision] !== undefined) return false
    if (headers.accept !== undefined && headers.accept !== '*/*') return false
    try {
      this.#options.authorize({ path, authorizationHeader: headers.authorization })
      return true
    } catch {
      // The router refuses it again, and answers.
      return false
    }
  }

  #sendValue(key: string, response: ServerResponse): boolean {
    const startMs = this.#options.clock.monotonicMs()
    const found = this.#kv?.find(key)
    if (!this.#kv || !found) return false
    response.writeHead(200, this.#kv.headersOf(found))
    response.end(found.held.value, 'latin1')
    this.#kv.observeGet(startMs)
    return true
  }

  #read(key: ServiceKey): ServiceBody | undefined {
    const body = this.#options.bodies.get(key, EVERYTHING)
    return body.known ? body : undefined
  }

  /** Answers the home; what is missing, or in several zones, is for the route to say. */
  #renew(ref: InstanceRef): string | undefined {
    try {
      return this.#options.instances.renewLive(ref)
    } catch {
      return undefined
    }
  }

  /** The answer as it goes over the wire, put together once a second, since it tells the time. */
  #wire(body: ServiceBody, gzip: boolean): Buffer {
    const { second, text } = this.#closing.now()
    let wire = this.#wires.get(body)
    if (wire?.second !== second) {
      wire = { second }
      this.#wires.set(body, wire)
    }
    const gzipped = gzip ? body.gzipped() : undefined
    const form = gzipped ? 'gzip' : 'plain'
    wire[form] ??= Buffer.concat([
      Buffer.from(headText(serviceHeaders(this.#options.node, body, gzipped), text)),
      gzipped ?? body.json,
    ])
    return wire[form]
  }
}

type PlainRequest = Pick<IncomingMessage, 'method' | 'url'>

/** Whether it may be one of the few heads that are remembered; keys are too many for that. */
function isReadAgain(text: string): boolean {
  return text.startsWith(READ_START)
}

/** Whether anything there may be known here. */
function isOurs(path: string): boolean {
  return path.startsWith(API_BASE)
}

function headText(headers: readonly string[], closing: string): string {
  let text = 'HTTP/1.1 200 OK\r\n'
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`
  return text + closing
}

function hasNoBody(headers: IncomingMessage['headers']): boolean {
  const length = headers['content-length']
  return (length === undefined || length === '0') && headers['transfer-encoding'] === undefined
}
