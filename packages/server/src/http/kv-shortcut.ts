/**
 * The two requests about one key that make up nearly all traffic of the catalog, answered
 * without the router: reading it from the view, and setting it without a condition, be it with an
 * Idempotency-Key. What the routes would answer, byte for byte.
 *
 * @module
 */

import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http'
import { API_BASE, HEADERS, LIMITS, RegistryError } from '@rollcall/protocol'
import type { Clock, Logger } from '@rollcall/runtime'
import type { Catalog, HeldValue, KvPutAnswer, ReadPoint } from '../catalog/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import type { ClosingLines } from './closing-lines.ts'
import { idempotencyOf } from './native/idempotency-key.ts'
import type { PlainLine } from './plain-head.ts'
import { INTERNAL, PROBLEM_TYPE, problemOf, RETRY_AFTER_S } from './problem.ts'
import { JSON_TYPE } from './json-type.ts'

export interface KvShortcutOptions {
  readonly node: string
  readonly catalog: Pick<Catalog, 'kv' | 'readNow'>
  readonly metrics: Pick<Metrics, 'http'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Logger
  readonly limits: { readonly catalogBodyMaxBytes: number }
  readonly closing: ClosingLines
}

/** A value as it was found, and the state in which. */
export interface Found {
  readonly held: HeldValue
  readonly point: ReadPoint
}

export type KvWish = { readonly kind: 'get'; readonly key: string } | KvPutWish

export interface KvPutWish {
  readonly kind: 'put'
  readonly key: string
  readonly bytes: number
  /** As it was sent; repetitions are known by it. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

const KEYS = `${API_BASE}/kv/`
const ROUTE = `${KEYS}*`
const SLASH = '%2F'
/** Keys that stand in a path as they are, but for slashes; others need escapes, and the router. */
const KEY = /^[A-Za-z0-9._:/-]+$/
const LENGTH = /^(?:0|[1-9][0-9]{0,6})$/
/** Any type will do for bytes, but not any text is a type. */
const TYPES: ReadonlySet<string> = new Set([
  'application/octet-stream',
  'application/json',
  'text/plain',
  'text/plain;charset=utf-8',
  'text/plain;charset=UTF-8',
])

export class KvShortcut {
  readonly #options: KvShortcutOptions
  readonly #observeGet: (durationMs: number) => void
  readonly #observePut: (durationMs: number) => void
  #start = { revision: -1, text: '' }

  constructor(options: KvShortcutOptions) {
    this.#options = options
    const { http } = options.metrics
    this.#observeGet = http.observer({ method: 'GET', route: ROUTE, status: 200 })
    this.#observePut = http.observer({ method: 'PUT', route: ROUTE, status: 200 })
  }

  /** What a request asks for, if it is one of the two. Its headers were found to be plain. */
  wishOf({ method, url }: PlainLine, headers: IncomingHttpHeaders): KvWish | undefined {
    if (!url.startsWith(KEYS)) return undefined
    const key = url.slice(KEYS.length).replaceAll(SLASH, '/')
    if (key.length > LIMITS.kvKeyMaxBytes || !KEY.test(key)) return undefined
    const length = headers['content-length']
    if (method === 'GET') {
      return length === undefined || length === '0' ? { kind: 'get', key } : undefined
    }
    const type = headers['content-type']
    if (method !== 'PUT' || length === undefined || type === undefined) return undefined
    if (!LENGTH.test(length) || !TYPES.has(type)) return undefined
    const bytes = Number(length)
    return bytes > this.#options.limits.catalogBodyMaxBytes
      ? undefined
      : { kind: 'put', key, bytes, url, headers }
  }

  /** The value of a key; undefined where the route has more to say. */
  find(key: string): Found | undefined {
    const { catalog } = this.#options
    const point = catalog.readNow()
    if (!point || point.staleMs !== undefined) return undefined
    const held = catalog.kv.peek(key)
    return held && { held, point }
  }

  /** The head of the answer to a read, names and values in turn. */
  headersOf({ held, point }: Found): string[] {
    const { value, modRevision, createRevision, lease } = held
    const headers = [HEADERS.node, this.#options.node, HEADERS.revision, String(point.revision)]
    headers.push('etag', `"${modRevision}"`, HEADERS.createRevision, String(createRevision))
    if (lease > 0) headers.push(HEADERS.lease, String(lease))
    headers.push('content-type', 'application/octet-stream')
    headers.push('content-length', String(value.length))
    return headers
  }

  observeGet(sinceMs: number): void {
    this.#observeGet(this.#options.clock.monotonicMs() - sinceMs)
  }

  /** The whole answer to a read: text in which each character is one byte, or bytes. */
  get(key: string): string | Buffer | undefined {
    const sinceMs = this.#options.clock.monotonicMs()
    const found = this.find(key)
    if (!found) return undefined
    const { value } = found.held
    const head = this.#headOfRead(found)
    const wire = typeof value === 'string' ? head + value : withBytes(head, value)
    this.observeGet(sinceMs)
    return wire
  }

  /** Sets a key, and answers with all that goes over the wire. Never rejects. */
  async put({ key, url, headers }: KvPutWish, value: Buffer): Promise<Buffer | string> {
    const { catalog, clock } = this.#options
    const sinceMs = clock.monotonicMs()
    try {
      const idempotency = idempotencyOf({ method: 'PUT', url, headers, body: value })
      const written = await catalog.kv.put(key, value, { idempotency })
      const answer = this.#written(written)
      this.#observePut(clock.monotonicMs() - sinceMs)
      return answer
    } catch (error) {
      return this.#refused(error, sinceMs)
    }
  }

  #written(written: KvPutAnswer): string {
    const { key, modRevision, createRevision, created, revision, isBehind } = written
    const body = `{"key":"${key}","modRevision":${modRevision},"createRevision":${createRevision},"created":${created}}`
    const headers = [HEADERS.node, this.#options.node, HEADERS.revision, String(revision)]
    if (isBehind) headers.push(HEADERS.view, 'behind')
    headers.push('content-type', JSON_TYPE, 'content-length', String(body.length))
    return this.#head(200, headers) + body
  }

  #refused(error: unknown, sinceMs: number): Buffer {
    const { node, catalog, metrics, clock, log } = this.#options
    const isExpected = error instanceof RegistryError
    if (!isExpected) {
      log.error({ err: error, method: 'PUT', route: ROUTE }, 'a request failed; this is a bug')
    }
    const problem = problemOf(isExpected ? error : INTERNAL)
    const { status } = problem
    const body = JSON.stringify(problem)
    const revision = catalog.readNow()?.revision ?? 0
    const headers = [HEADERS.node, node, HEADERS.revision, String(revision)]
    const retryAfterS = RETRY_AFTER_S[problem.code]
    if (retryAfterS !== undefined) headers.push('retry-after', String(retryAfterS))
    headers.push(
      'content-type',
      `${PROBLEM_TYPE}; charset=utf-8`,
      'content-length',
      String(Buffer.byteLength(body)),
    )
    const durationMs = clock.monotonicMs() - sinceMs
    metrics.http.observe({ method: 'PUT', route: ROUTE, status, durationMs })
    return Buffer.from(this.#head(status, headers) + body)
  }

  /** What `headersOf` says, as it goes over the wire. */
  #headOfRead({ held, point }: Found): string {
    const { value, modRevision, createRevision, lease } = held
    return (
      this.#startOf(point.revision) +
      `etag: "${modRevision}"\r\n${HEADERS.createRevision}: ${createRevision}\r\n` +
      (lease > 0 ? `${HEADERS.lease}: ${lease}\r\n` : '') +
      `content-type: application/octet-stream\r\ncontent-length: ${value.length}\r\n` +
      this.#options.closing.now().text
    )
  }

  /** With what every answer to a read at one revision begins. */
  #startOf(revision: number): string {
    if (this.#start.revision !== revision) {
      const text = `HTTP/1.1 200 OK\r\n${HEADERS.node}: ${this.#options.node}\r\n${HEADERS.revision}: ${revision}\r\n`
      this.#start = { revision, text }
    }
    return this.#start.text
  }

  #head(status: number, headers: readonly string[]): string {
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
    for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`
    return text + this.#options.closing.now().text
  }
}

function withBytes(head: string, value: Uint8Array): Buffer {
  const wire = Buffer.allocUnsafe(head.length + value.length)
  wire.write(head, 0, 'latin1')
  wire.set(value, head.length)
  return wire
}
