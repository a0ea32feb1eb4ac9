/**
 * A registry that answers as a test tells it to: the wire is real, the registry is not.
 *
 * @module
 */

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Instance } from '@rollcall/protocol'

/** A request as it came. */
export interface Seen {
  readonly method: string
  /** Still encoded. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

/** What to answer; a function writes the response itself. */
export type Answer = { status: number; body?: unknown } | ((response: ServerResponse) => void)

export interface StandIn extends AsyncDisposable {
  readonly url: string
  readonly seen: readonly Seen[]
}

/** Opens a registry on loopback. */
export async function standIn(answer: (seen: Seen) => Answer): Promise<StandIn> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://registry')
      const text = Buffer.concat(chunks).toString()
      const one: Seen = {
        method: request.method ?? '',
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      }
      seen.push(one)
      respond(response, answer(one))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => {
        server.close(resolve)
      })
      server.closeAllConnections()
      await closed
    },
  }
}

/** A refusal, as the registry words it. */
export function refusal(status: number, code: string, detail = `No: ${code}.`): Answer {
  const type = `urn:rollcall:error:${code}`
  return { status, body: { type, code, title: code, status, detail, details: { hint: 1 } } }
}

/** Begins an event stream and leaves it open. */
export function events(...list: readonly { event: string; data: unknown }[]): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const { event, data } of list) {
      response.write(`event: ${event}\nid: t\ndata: ${JSON.stringify(data)}\n\n`)
    }
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

function respond(response: ServerResponse, answer: Answer): void {
  if (typeof answer === 'function') {
    answer(response)
    return
  }
  const { status, body } = answer
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}
