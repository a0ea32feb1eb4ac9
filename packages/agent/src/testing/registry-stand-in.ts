/**
 * The few routes of a registry that the agent uses, by the wire contract, for tests of this
 * package; the process tests run the agent against the real one.
 *
 * @module
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import {
  MACHINE_SERVICE,
  type HeartbeatsBody,
  type Instance,
  type Problem,
  type RegisterBody,
} from '@rollcall/protocol'

/** Keeps what was registered and not cancelled, and answers as a node does. */
export class RegistryStandIn implements AsyncDisposable {
  /** By `<service> <id>`. */
  readonly instances = new Map<string, Instance>()
  isReady = true
  /** Refuses the machine's own registration: a newer agent holds it. */
  hasNewerAgent = false
  /** How often it was asked whether it is ready. */
  readyAsked = 0
  readonly #http = createServer((request, response) => {
    void this.#answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(body === undefined ? '' : JSON.stringify(body))
    })
  })

  static async open(): Promise<RegistryStandIn> {
    const registry = new RegistryStandIn()
    registry.#http.listen(0, '127.0.0.1')
    await once(registry.#http, 'listening')
    return registry
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.close()
    this.#http.closeAllConnections()
    await once(this.#http, 'close')
  }

  async #answer(request: IncomingMessage): Promise<[status: number, body?: unknown]> {
    const { pathname } = new URL(request.url ?? '', 'http://registry')
    if (pathname === '/readyz') {
      this.readyAsked += 1
      return [this.isReady ? 200 : 503, {}]
    }
    const body: unknown = JSON.parse((await text(request)) || '{}')
    if (pathname === '/registry/v1/heartbeats') {
      const { instances } = body as HeartbeatsBody
      return [200, { renewed: instances.length, missing: [], superseded: [] }]
    }
    const [, service = '', id = ''] =
      /^\/registry\/v1\/services\/([^/]+)\/instances\/([^/]+)$/
        .exec(pathname)
        ?.map((part) => decodeURIComponent(part)) ?? []
    const key = `${service} ${id}`
    if (request.method === 'DELETE') return [this.instances.delete(key) ? 204 : 404]
    if (service === MACHINE_SERVICE && this.hasNewerAgent) return [409, superseded()]
    const created = !this.instances.has(key)
    const instance = asInstance({ service, id, body: body as RegisterBody })
    this.instances.set(key, instance)
    return [created ? 201 : 200, instance]
  }
}

function superseded(): Problem {
  return {
    type: 'urn:rollcall:error:superseded',
    code: 'superseded',
    title: 'Superseded',
    status: 409,
    detail: 'A newer process holds it.',
    details: { session: 4_000_000_000_000 },
  }
}

function asInstance(sent: { service: string; id: string; body: RegisterBody }): Instance {
  const { service, id, body } = sent
  return {
    service,
    id,
    env: 'default',
    zone: 'default',
    hostname: body.hostname ?? '',
    addresses: body.addresses,
    version: '',
    weight: 1,
    tags: body.tags ?? [],
    metadata: body.metadata ?? {},
    status: 'up',
    ttlMs: body.ttlMs ?? 90_000,
    registeredAt: 1,
    upSince: 1,
    home: 'n1',
    contentVersion: 1,
    revision: 1,
  }
}
