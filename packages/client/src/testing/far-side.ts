/**
 * A server that answers as a test tells it to: the other end of the wire, which is not ours here.
 *
 * @module
 */

import {
  createServer,
  type IncomingHttpHeaders,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Instance } from '@rollcall/protocol'

/** A request as it came over the wire. */
export interface Seen {
  readonly method: string
  /** Still encoded, with its query. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  /** From JSON; bytes where it is something else; undefined where there is none. */
  readonly body: unknown
}

export type Script = (seen: Seen, response: ServerResponse) => void

/** A real HTTP server on loopback. */
export class FarSide implements AsyncDisposable {
  readonly seen: Seen[] = []
  readonly port: number
  /** May be changed while it runs. */
  script: Script
  readonly #server: HttpServer

  private constructor(server: HttpServer, script: Script) {
    this.#server = server
    this.script = script
    this.port = (server.address() as AddressInfo).port
    server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method = '', url = '', headers } = request
        const seen = { method, target: url, headers, body: bodyOf(Buffer.concat(chunks), headers) }
        this.seen.push(seen)
        this.script(seen, response)
      })
    })
  }

  static async open(script: Script, port = 0): Promise<FarSide> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    return new FarSide(server, script)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What came with this method and path, in order. */
  asked(method: string, path: string): readonly Seen[] {
    return this.seen.filter((seen) => seen.method === method && pathOf(seen) === path)
  }

  /** Breaks all connections and takes new ones, as a proxy between might do. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve)
    })
    this.#server.closeAllConnections()
    await closed
  }
}

function bodyOf(bytes: Buffer, headers: IncomingHttpHeaders): unknown {
  if (/octet-stream|ndjson/.test(headers['content-type'] ?? '')) return bytes
  return bytes.length === 0 ? undefined : JSON.parse(bytes.toString())
}

/** An address where nothing listens: it was given out and given back. */
export async function deadPort(): Promise<number> {
  await using far = await FarSide.open(() => {})
  return far.port
}

export function pathOf({ target }: Seen): string {
  return target.split('?')[0] ?? ''
}

export function queryOf({ target }: Seen): Record<string, string> {
  return Object.fromEntries(new URL(target, 'http://far').searchParams)
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

export function problem(
  response: ServerResponse,
  status: number,
  { code, details = {} }: { code: string; details?: Record<string, unknown> },
): void {
  const type = `urn:rollcall:error:${code}`
  const body = { type, code, title: code, status, detail: `The far side says ${code}.`, details }
  response
    .writeHead(status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify(body))
}

export interface SentEvent {
  readonly event: string
  readonly id?: string
  readonly data: unknown
}

/** Starts an event stream, or goes on with one. */
export function send(response: ServerResponse, ...events: readonly SentEvent[]): void {
  if (!response.headersSent) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('retry: 1000\n\n')
  }
  for (const { event, id, data } of events) {
    const idLine = id === undefined ? '' : `id: ${id}\n`
    response.write(`event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`)
  }
}

export function instanceOf(given: Partial<Instance> = {}): Instance {
  return {
    service: 'orders',
    env: 'prod',
    zone: 'z1',
    id: 'a',
    hostname: 'h',
    addresses: ['http://h:80'],
    version: '',
    weight: 1,
    tags: [],
    metadata: {},
    status: 'up',
    ttlMs: 90_000,
    registeredAt: 1,
    upSince: 1,
    home: 'n1',
    contentVersion: 7,
    revision: 1,
    ...given,
  }
}
