/**
 * Instances of one service, and the clients that keep them alive.
 *
 * @module
 */

import { API_BASE, type HeartbeatsAnswer, type RegisterBody } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { callJson, instanceUrl, registration, TTL_MS } from './http.ts'

/** Registers instances at one node, with the least ttl unless `more` says otherwise. */
export async function registerAt(
  url: string,
  { service, ids }: { readonly service: string; readonly ids: readonly string[] },
  more: Partial<RegisterBody> = {},
): Promise<void> {
  const body = registration({ ttlMs: TTL_MS, ...more })
  await Promise.all(
    ids.map((id) => callJson(instanceUrl(url, service, id), { method: 'PUT', body })),
  )
}

/** So many names. */
export function namesOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}-${at}`)
}

export interface FleetOptions {
  /** Where they renew, all at once and at a third of their ttl. */
  readonly url: string
  readonly service: string
  readonly ids: readonly string[]
}

/** Clients that renew what was registered and never register again. Disposing stops them. */
export class Fleet implements AsyncDisposable {
  /** How many renewals were confirmed. */
  renewed = 0
  /** Ids that a node did not know, each time that it said so. */
  readonly missing: string[] = []
  readonly #options: FleetOptions
  readonly #stopping = new AbortController()
  readonly #run: Promise<void>
  #failure: unknown

  /** Starts at once. */
  constructor(options: FleetOptions) {
    this.#options = options
    this.#run = this.#goOn().catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Stops them. Rejects when their node did not answer. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#run
    if (this.#failure !== undefined) {
      throw new Error('The fleet was not served.', { cause: this.#failure })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#run
  }

  async #goOn(): Promise<void> {
    const { url, service, ids } = this.#options
    const body = { instances: ids.map((id) => ({ service, id })) }
    do {
      const answer = await callJson<HeartbeatsAnswer>(`${url}${API_BASE}/heartbeats`, {
        method: 'POST',
        body,
      })
      this.renewed += answer.renewed
      this.missing.push(...answer.missing.map(({ id }) => id))
    } while (await systemClock.sleep(TTL_MS / 3, this.#stopping.signal))
  }
}
