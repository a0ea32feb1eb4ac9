/**
 * A plain client that goes about its business while others put the node under pressure.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { call, instanceUrl, registration, serviceUrl } from './http.ts'

const EVERY_MS = 50

/** What a bystander has seen. */
export interface Experience {
  readonly answers: number
  readonly medianMs: number
  readonly slowestMs: number
}

/** Registers, renews and reads, with a new connection each time. Disposing stops it. */
export class Bystander implements AsyncDisposable {
  readonly #stopping = new AbortController()
  readonly #run: Promise<void>
  readonly #tookMs: number[] = []
  #failure: unknown

  /** Starts at once. */
  constructor(url: string) {
    this.#run = this.#goOn(url).catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Stops it. Rejects when an answer was no success, or none came. */
  async stop(): Promise<Experience> {
    this.#stopping.abort()
    await this.#run
    if (this.#failure !== undefined) {
      throw new Error('The bystander was not served.', { cause: this.#failure })
    }
    const sorted = this.#tookMs.toSorted((left, right) => left - right)
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    return { answers: sorted.length, medianMs: median, slowestMs: sorted.at(-1) ?? Number.NaN }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#run
  }

  async #goOn(url: string): Promise<void> {
    const instance = instanceUrl(url, 'bystanders', 'one')
    const body = registration()
    do {
      await this.#time('PUT', () => call(instance, { method: 'PUT', body }))
      await this.#time('heartbeat', () => call(`${instance}/heartbeat`, { method: 'POST' }))
      await this.#time('GET', () => call(serviceUrl(url, 'bystanders')))
    } while (await systemClock.sleep(EVERY_MS, this.#stopping.signal))
  }

  async #time(what: string, ask: () => Promise<{ status: number; text: string }>): Promise<void> {
    const sinceMs = systemClock.monotonicMs()
    const { status, text } = await ask()
    if (status >= 300) throw new Error(`${what} was answered with ${status}: ${text}`)
    this.#tookMs.push(systemClock.monotonicMs() - sinceMs)
  }
}
