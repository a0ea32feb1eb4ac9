/**
 * What clients send: an object of JSON, whose names are matched without regard to case, as
 * the original's library does.
 *
 * @module
 */

import { DISCOVERY_SERVICE, invalidArgument, isName, LIMITS } from '@rollcall/protocol'
import type { FactsRequest, Spreading } from '../../instances/index.ts'
import type { InstanceKey, ServiceKey } from '../../model/instance-key.ts'

/** Under which name the original's nodes find each other. */
export const OWN_APP = 'Kavin.discovery'

/** Bits, so that a reader can ask for both. */
export const UP = 1
export const WAITING = 2

export class ArticleRequest {
  readonly #fields: ReadonlyMap<string, unknown>

  /** Throws `invalid_argument` unless the body is an object. */
  constructor(body: unknown) {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw invalidArgument('The body must be a JSON object.')
    }
    this.#fields = new Map(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]))
  }

  /** The service that is asked about. Throws `invalid_argument`. */
  service(): ServiceKey {
    return serviceOf({ env: this.#name('env'), app: this.#name('appid') })
  }

  /** The instance that is meant, in the node's zone: this protocol has none. Throws `invalid_argument`. */
  key(zone: string): InstanceKey {
    return { ...this.service(), zone, id: this.#name('hostname') }
  }

  env(): string {
    return this.#name('env')
  }

  /** What a registration says of the instance. Throws `invalid_argument`. */
  facts(): FactsRequest {
    return { addresses: this.#addresses(), version: this.#version(), status: this.#status() }
  }

  /**
   * With `replication`, the sender tells the other nodes itself, as the original's nodes do. Throws
   * `invalid_argument`.
   */
  spreading(): Spreading {
    const replication = this.#fields.get('replication') ?? false
    if (typeof replication === 'boolean') return { local: replication }
    throw invalidArgument('replication must be true or false.', { field: 'replication' })
  }

  /** Bits of the statuses that are wanted; those that are up where nothing is said. Throws `invalid_argument`. */
  wantedStatus(): number {
    const status = this.#fields.get('status') ?? UP
    if (typeof status === 'number' && Number.isInteger(status) && status >= 0) return status
    throw invalidArgument('status must be an integer.', { field: 'status' })
  }

  #status(): 'up' | 'starting' {
    const status = this.#fields.get('status')
    if (status === UP) return 'up'
    if (status === WAITING) return 'starting'
    throw invalidArgument('status must be 1 or 2.', { field: 'status' })
  }

  #addresses(): readonly string[] {
    const addresses: unknown = this.#fields.get('addrs') ?? []
    if (Array.isArray(addresses) && addresses.every(isText)) return addresses
    throw invalidArgument('addrs must be a list of texts.', { field: 'addrs' })
  }

  #version(): string {
    const version = this.#fields.get('version') ?? ''
    if (isText(version) && version.length <= LIMITS.versionMaxLength) return version
    throw invalidArgument('version must be a short text.', { field: 'version' })
  }

  #name(field: string): string {
    const value = this.#fields.get(field)
    if (isText(value) && isName(value)) return value
    throw invalidArgument(`${field} is missing, or no name of this registry.`, { field })
  }
}

function serviceOf({ env, app }: { readonly env: string; readonly app: string }): ServiceKey {
  return { env, service: app === OWN_APP ? DISCOVERY_SERVICE : app }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
