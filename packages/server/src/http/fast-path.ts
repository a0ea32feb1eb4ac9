/**
 * A shortcut before the router, and before the HTTP parser where it can be, for the two
 * requests that make up nearly all traffic: reading one whole service, and renewing one
 * instance. Of everything unusual (a query, a condition, an escape, a body, a refusal) it
 * knows nothing and leaves it to the routes, which answer these two alike;
 * `fast-path.test.ts` compares the answers byte for byte.
 *
 * A connection begins here, and is handed to the HTTP server with the first bytes that are
 * not exactly one such request; from then on it comes by here request by request.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { API_BASE, HEADERS, isName } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import { LRUCache } from 'lru-cache'
import type { InstancePlane } from '../instances/index.ts'
import type { InstanceRef, ServiceKey } from '../model/instance-key.ts'
import type { Authorize } from '../security/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { acceptsGzip } from './gzip.ts'
import { instanceFilter } from './instance-filter.ts'
import { parsePlainHead } from './plain-head.ts'
import type { Readiness } from './readiness.ts'
import { sendService, serviceHeaders } from './send-service.ts'
import type { ServiceBodies, ServiceBody } from './service-bodies.ts'

export interface FastPathOptions {
  readonly node: string
  readonly instances: InstancePlane
  readonly bodies: ServiceBodies
  readonly authorize: Authorize
  readonly readiness: Readiness
  readonly metrics: Pick<Metrics, 'http'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'wallMs'>
}

/** What a request asks for, as far as its head tells. */
type Wish =
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
/** A connection that has said nothing yet, and one that rests between requests. */
const SILENCE_MAX_MS = 15_000
export const KEEP_ALIVE_MS = 75_000
const KEEP_ALIVE = `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1_000}\r\n\r\n`

export class FastPath {
  readonly #options: FastPathOptions
  readonly #reads = new LRUCache<string, Wish>({ max: HEADS_REMEMBERED })
  readonly #sockets = new Set<Socket>()
  readonly #wires = new WeakMap<ServiceBody, { second: number; plain?: Buffer; gzip?: Buffer }>()
  readonly #observeRead: (durationMs: number) => void
  readonly #observeRenewal: (durationMs: number) => void
  #date = { second: -1, line: '' }

  constructor(options: FastPathOptions) {
    this.#options = options
    const { http } = options.metrics
    const read = { method: 'GET', route: `${SERVICES}:service`, status: 200 }
    const route = `${SERVICES}:service/instances/:id/heartbeat`
    this.#observeRead = http.observer(read)
    this.#observeRenewal = http.observer({ method: 'POST', route, status: 204 })
  }

  /** Answers a request that the HTTP server has read, or says false and has done nothing. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const wish = this.#wishOf(request)
    if (!wish) return false
    const { node, clock } = this.#options
    const startMs = clock.monotonicMs()
    if (wish.kind === 'read') {
      const body = this.#read(wish.key)
      if (!body) return false
      sendService({ node, request, response }, body)
      this.#observeRead(clock.monotonicMs() - startMs)
      return true
    }
    const home = this.#renew(wish.ref)
    if (home === undefined) return false
    response.writeHead(204, [HEADERS.node, node, HEADERS.home, home])
    response.end()
    this.#observeRenewal(clock.monotonicMs() - startMs)
    return true
  }

  /** Serves a new connection for as long as it asks for nothing else. */
  serve(socket: Socket, handOver: (socket: Socket) => void): void {
    const leave = () => {
      this.#sockets.delete(socket)
      socket.off('data', onData).off('timeout', cut).off('end', onEnd).off('error', cut)
      socket.off('close', leave).setTimeout(0)
    }
    // What was answered goes out first, but only as long as the client takes it.
    const onEnd = () => {
      socket.destroySoon()
    }
    const cut = () => {
      socket.destroy()
    }
    const onData = (chunk: Buffer) => {
      const answer = this.#answerTo(chunk)
      if (answer) {
        socket.setTimeout(KEEP_ALIVE_MS)
        if (socket.write(answer)) return
        socket.pause().once('drain', () => socket.resume())
        return
      }
      leave()
      socket.pause()
      socket.unshift(chunk)
      handOver(socket)
      socket.resume()
    }
    this.#sockets.add(socket)
    socket.setTimeout(SILENCE_MAX_MS)
    socket.on('data', onData).on('timeout', cut).on('end', onEnd).on('error', cut)
    socket.on('close', leave)
  }

  /** Ends the connections that are still here, once they have taken their answers. */
  close(): void {
    for (const socket of this.#sockets) socket.destroySoon()
  }

  /** Ends them at once. */
  cutOff(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** The whole answer to a chunk that is exactly one plain request. */
  #answerTo(chunk: Buffer): Buffer | string | undefined {
    if (chunk.length > HEAD_MAX_BYTES) return undefined
    const startMs = this.#options.clock.monotonicMs()
    const text = chunk.toString('latin1')
    const wish = this.#reads.get(text) ?? this.#parse(text)
    if (!wish || !this.#options.readiness.isReady) return undefined
    if (wish.kind === 'read') {
      const body = this.#read(wish.key)
      const answer = body && this.#wire(body, wish.gzip)
      if (answer) this.#observeRead(this.#options.clock.monotonicMs() - startMs)
      return answer
    }
    const home = this.#renew(wish.ref)
    if (home === undefined) return undefined
    const { node, clock } = this.#options
    this.#observeRenewal(clock.monotonicMs() - startMs)
    return `HTTP/1.1 204 No Content\r\n${HEADERS.node}: ${node}\r\n${HEADERS.home}: ${home}\r\n${this.#dateLine()}${KEEP_ALIVE}`
  }

  #parse(text: string): Wish | undefined {
    const head = parsePlainHead(text)
    const wish = head && this.#wishOf(head)
    if (wish?.kind === 'read') this.#reads.set(text, wish)
    return wish
  }

  #wishOf(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): Wish | undefined {
    const { method, url = '', headers } = request
    if (!url.startsWith(SERVICES) || !this.#isPlain(url, headers)) return undefined
    const rest = url.slice(SERVICES.length)
    const { env } = this.#options.instances.place
    if (method === 'GET' && READ.test(rest) && isName(rest)) {
      return { kind: 'read', key: { env, service: rest }, gzip: acceptsGzip(request) }
    }
    if (method !== 'POST' || !hasNoBody(headers)) return undefined
    const [, service = '', id = ''] = RENEW.exec(rest) ?? []
    return isName(service) && isName(id) ? { kind: 'renew', ref: { env, service, id } } : undefined
  }

  /** No condition and no special wish, from somebody who may ask, while we answer. */
  #isPlain(path: string, headers: IncomingMessage['headers']): boolean {
    if (!this.#options.readiness.isReady) return false
    if (headers['if-none-match'] !== undefined || headers.expect !== undefined) return false
    if (headers.accept !== undefined && headers.accept !== '*/*') return false
    try {
      this.#options.authorize({ path, authorizationHeader: headers.authorization })
      return true
    } catch {
      // The router refuses it again, and answers.
      return false
    }
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
    const date = this.#dateLine()
    const { second } = this.#date
    let wire = this.#wires.get(body)
    if (wire?.second !== second) {
      wire = { second }
      this.#wires.set(body, wire)
    }
    const gzipped = gzip ? body.gzipped() : undefined
    const form = gzipped ? 'gzip' : 'plain'
    wire[form] ??= Buffer.concat([
      Buffer.from(headText(serviceHeaders(this.#options.node, body, gzipped), date)),
      gzipped ?? body.json,
    ])
    return wire[form]
  }

  #dateLine(): string {
    const wallMs = this.#options.clock.wallMs()
    const second = Math.floor(wallMs / 1_000)
    if (this.#date.second !== second) {
      this.#date = { second, line: `Date: ${new Date(wallMs).toUTCString()}\r\n` }
    }
    return this.#date.line
  }
}

function headText(headers: readonly string[], date: string): string {
  let text = 'HTTP/1.1 200 OK\r\n'
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`
  return text + date + KEEP_ALIVE
}

function hasNoBody(headers: IncomingMessage['headers']): boolean {
  const length = headers['content-length']
  return (length === undefined || length === '0') && headers['transfer-encoding'] === undefined
}
