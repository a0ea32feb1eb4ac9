/**
 * Clients as applications are: each with the SDK, and told of all nodes.
 *
 * @module
 */

import { Registrar, RollcallClient } from '@rollcall/client'
import { start, systemClock } from '@rollcall/runtime'
import { registration, TTL_MS } from './http.ts'

/** Applications that register one instance each, keep it alive and never go. Disposing cancels them. */
export class SdkClients implements AsyncDisposable {
  /** Ids, each time that a node has confirmed a registration. */
  readonly registered: string[] = []
  /** Ids that a registrar has given up. */
  readonly lost: string[] = []
  readonly #urls: readonly string[]
  readonly #parts: AsyncDisposable[] = []

  constructor(urls: readonly string[]) {
    this.#urls = urls
  }

  /** Starts one for each id, the first at the first node, the next at the next; resolves once all are registered. */
  async register(service: string, ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id, at) => this.#start(service, id, at)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part[Symbol.asyncDispose]()
  }

  #start(service: string, id: string, at: number): Promise<void> {
    const client = new RollcallClient({ servers: rotated(this.#urls, at) })
    const registrar = new Registrar({
      client,
      onRegistered: (registration) => {
        this.registered.push(registration.id)
      },
      onLost: (registration) => {
        this.lost.push(registration.id)
      },
    })
    this.#parts.push(client, start(registrar))
    registrar.put({ service, id, body: registration({ ttlMs: TTL_MS }) })
    return registrar.settled()
  }
}

const EVERY_MS = 20

/** Instances that come and go all the time, so that there is always something to tell. Disposing stops it. */
export class Churn implements AsyncDisposable {
  /** How many have come and gone. */
  count = 0
  readonly #stopping = new AbortController()
  readonly #run: Promise<void>
  #failure: unknown

  /** Starts at once, and goes round the nodes. */
  constructor(urls: readonly string[]) {
    this.#run = this.#goOn(urls).catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Stops it. Rejects when no node did what was asked. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#run
    if (this.#failure !== undefined) {
      throw new Error('The churn was not served.', { cause: this.#failure })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#run
  }

  async #goOn(urls: readonly string[]): Promise<void> {
    const clients = urls.map((_, at) => new RollcallClient({ servers: rotated(urls, at) }))
    do {
      const client = clients[this.count % clients.length]
      const at = { service: 'churn', id: `n-${this.count}` }
      await client?.register(at, registration())
      await client?.cancel(at)
      this.count += 1
    } while (await systemClock.sleep(EVERY_MS, this.#stopping.signal))
    for (const client of clients) await client.close()
  }
}

function rotated(urls: readonly string[], by: number): readonly string[] {
  const first = by % urls.length
  return [...urls.slice(first), ...urls.slice(0, first)]
}
