/**
 * The catalog's native API as a plain client uses it, over connections that are kept: what became
 * of each write, and which of them nobody can know about.
 *
 * @module
 */

import {
  API_BASE,
  HEADERS,
  LIMITS,
  type ErrorCode,
  type GrantAnswer,
  type KvEntry,
  type KvList,
  type KvPutAnswer,
  type LeaseList,
  type LeaseSummary,
  type Problem,
  type TxnAnswer,
  type TxnBody,
} from '@rollcall/protocol'
import { Pool, type Dispatcher } from 'undici'

/** No answer takes so long. */
const ANSWER_WITHIN_MS = 30_000
const CONNECTIONS = 64

export interface CatalogRequest {
  readonly method?: Dispatcher.HttpMethod
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as they are. */
  readonly bytes?: Uint8Array
  /** Sent as JSON. */
  readonly json?: unknown
}

export interface CatalogAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
}

/** What became of a write, as its client can tell. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly answer: T; readonly revision: number }
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** There was no answer, or one that says so: it may have happened. */
  | { readonly kind: 'doubt'; readonly problem?: Problem }

export interface PutOptions {
  readonly ifRevision?: number
  readonly lease?: number
  readonly idempotencyKey?: string
}

/** A client of one node. Disposing closes its connections. */
export class CatalogClient implements AsyncDisposable {
  readonly #pool: Pool
  #greatestRevision = 0

  constructor(url: string) {
    this.#pool = new Pool(url, { connections: CONNECTIONS, headersTimeout: ANSWER_WITHIN_MS })
  }

  /** The greatest revision of any answer so far. */
  get greatestRevision(): number {
    return this.#greatestRevision
  }

  /** Makes one request below the native API. Rejects when no answer came. */
  async ask(path: string, request: CatalogRequest = {}): Promise<CatalogAnswer> {
    const { method = 'GET', headers = {}, bytes, json } = request
    const isJson = json !== undefined
    const answer = await this.#pool.request({
      method,
      path: `${API_BASE}${path}`,
      headers: { ...(isJson && { 'content-type': 'application/json' }), ...headers },
      body: isJson ? JSON.stringify(json) : (bytes ?? null),
    })
    const { statusCode: status } = answer
    const received = Buffer.from(await answer.body.arrayBuffer())
    const revision = Number(answer.headers[HEADERS.revision] ?? 0)
    this.#greatestRevision = Math.max(this.#greatestRevision, revision)
    return { status, headers: answer.headers, bytes: received }
  }

  /** Makes a request that must succeed, and reads the JSON of its answer. */
  async read<T>(path: string, request: CatalogRequest = {}): Promise<T> {
    const answer = await this.ask(path, request)
    if (answer.status < 300) return jsonOf(answer) as T
    const what = `${request.method ?? 'GET'} ${path}`
    throw new Error(`${what} was answered with ${answer.status}: ${answer.bytes.toString()}`)
  }

  put(
    key: string,
    value: string | Uint8Array,
    options: PutOptions = {},
  ): Promise<Outcome<KvPutAnswer>> {
    const { idempotencyKey, ifRevision, lease } = options
    const query = queryOf({ ifRevision, lease })
    return this.#write(`${pathOf(key)}${query}`, {
      method: 'PUT',
      bytes: Buffer.from(value),
      headers: idempotencyKey === undefined ? {} : { [HEADERS.idempotencyKey]: idempotencyKey },
    })
  }

  delete(key: string, ifRevision?: number): Promise<Outcome<unknown>> {
    return this.#write(`${pathOf(key)}${queryOf({ ifRevision })}`, { method: 'DELETE' })
  }

  deletePrefix(prefix: string): Promise<Outcome<{ readonly deleted: number }>> {
    return this.#write(`/kv${queryOf({ prefix })}`, { method: 'DELETE' })
  }

  txn(json: TxnBody, idempotencyKey?: string): Promise<Outcome<TxnAnswer>> {
    const headers = idempotencyKey === undefined ? {} : { [HEADERS.idempotencyKey]: idempotencyKey }
    return this.#write('/txn', { method: 'POST', json, headers })
  }

  grant(ttlMs: number, name: string): Promise<Outcome<GrantAnswer>> {
    return this.#write('/leases', { method: 'POST', json: { ttlMs, name } })
  }

  keepAlive(lease: number): Promise<Outcome<unknown>> {
    return this.#write(`/leases/${lease}/keepalive`, { method: 'POST' })
  }

  /** Reads a key with its value; undefined when it is not there. */
  async get(
    key: string,
  ): Promise<{ readonly value: string; readonly modRevision: number } | undefined> {
    const answer = await this.ask(pathOf(key))
    if (answer.status === 404) return undefined
    if (answer.status !== 200)
      throw new Error(`GET ${key}: ${answer.status} ${answer.bytes.toString()}`)
    const modRevision = Number(String(answer.headers['etag']).replaceAll('"', ''))
    return { value: answer.bytes.toString(), modRevision }
  }

  /** Reads every key below a prefix, page by page. */
  async list(prefix: string): Promise<readonly KvEntry[]> {
    const entries: KvEntry[] = []
    let cursor: string | undefined
    do {
      const query = queryOf({ prefix, limit: LIMITS.pageMax, cursor })
      const page = await this.read<KvList>(`/kv${query}`)
      entries.push(...page.entries)
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return entries
  }

  /** Reads every lease whose name starts so. */
  async leases(name: string): Promise<readonly LeaseSummary[]> {
    const leases: LeaseSummary[] = []
    let cursor: string | undefined
    do {
      const page = await this.read<LeaseList>(
        `/leases${queryOf({ name, limit: LIMITS.pageMax, cursor })}`,
      )
      leases.push(...page.leases)
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return leases
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }

  async #write<T>(path: string, request: CatalogRequest): Promise<Outcome<T>> {
    const answer = await this.ask(path, request).catch(() => undefined)
    if (!answer) return { kind: 'doubt' }
    if (answer.status < 300) {
      const revision = Number(answer.headers[HEADERS.revision])
      const body = answer.bytes.length === 0 ? undefined : jsonOf(answer)
      return { kind: 'done', answer: body as T, revision }
    }
    const problem = jsonOf(answer) as Problem
    const kind = problem.code === 'outcome_unknown' ? 'doubt' : 'refused'
    return { kind, problem }
  }
}

/** What a write that must be done answers. */
export function done<T>(outcome: Outcome<T>): { readonly answer: T; readonly revision: number } {
  if (outcome.kind === 'done') return outcome
  throw new Error(`The write was not done: ${JSON.stringify(outcome)}`)
}

/** Why a write that must be refused was refused. */
export function refusal(outcome: Outcome<unknown>): ErrorCode {
  if (outcome.kind === 'refused') return outcome.problem.code
  throw new Error(`The write was not refused: ${JSON.stringify(outcome)}`)
}

/** The JSON of an answer. */
export function jsonOf({ bytes }: CatalogAnswer): unknown {
  return JSON.parse(bytes.toString())
}

/** A value as it travels inside JSON. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** The text behind a value that travelled inside JSON. */
export function textOf(valueBase64 = ''): string {
  return Buffer.from(valueBase64, 'base64').toString()
}

/** The path of a key below the native API. */
export function pathOf(key: string): string {
  return `/kv/${encodeURIComponent(key)}`
}

function queryOf(fields: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size === 0 ? '' : `?${query.toString()}`
}
