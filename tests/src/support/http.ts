/**
 * Plain HTTP as curl would do it: a connection for each request.
 *
 * @module
 */

import { API_BASE, type RegisterBody } from '@rollcall/protocol'
import { request, type Dispatcher } from 'undici'

/** No answer takes so long, but for long polls, whose wait is added. */
const ANSWER_WITHIN_MS = 30_000

export interface CallOptions {
  readonly method?: Dispatcher.HttpMethod
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly waitMs?: number
}

export interface Answer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Makes one request and reads the whole answer, whatever its status. */
export async function call(url: string, options: CallOptions = {}): Promise<Answer> {
  const { method = 'GET', body, headers = {}, waitMs = 0 } = options
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const answer = await request(url, {
    method,
    headers: { ...json, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
    headersTimeout: ANSWER_WITHIN_MS + waitMs,
    reset: true,
  })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

/** Makes a request that must succeed, and reads the JSON of the answer. */
export async function callJson<T>(url: string, options: CallOptions = {}): Promise<T> {
  const { status, text } = await call(url, options)
  const what = `${options.method ?? 'GET'} ${url}`
  if (status >= 300) throw new Error(`${what} was answered with ${status}: ${text}`)
  return JSON.parse(text) as T
}

/** The URL of a service. */
export function serviceUrl(base: string, service: string): string {
  return `${base}${API_BASE}/services/${encodeURIComponent(service)}`
}

/** The URL of an instance. */
export function instanceUrl(base: string, service: string, id: string): string {
  return `${serviceUrl(base, service)}/instances/${encodeURIComponent(id)}`
}

/** The least ttl that the registry takes. */
export const TTL_MS = 9_000

/** A registration that outlasts the test, unless `more` says otherwise. */
export function registration(more: Partial<RegisterBody> = {}): RegisterBody {
  return { addresses: ['http://127.0.0.1:8080'], ttlMs: 3_600_000, ...more }
}
