/**
 * An instance that renews, and a probe that asks for the node's health, as fast as they are
 * answered: how long whoever lives on this node may have to wait.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { Client } from 'undici'
import { registration } from './http.ts'

const EVERY_MS = 5
const INSTANCE = `${API_BASE}/services/pulses/instances/one`

/** What was answered, and the longest wait for it. */
export interface Felt {
  readonly answers: number
  readonly slowestMs: number
}

/** Asks over a connection that is kept, so that only the node can make it wait. Disposing stops it. */
export class Pulse implements AsyncDisposable {
  readonly #client: Client
  readonly #stopping = new AbortController()
  readonly #run: Promise<void>
  #answers = 0
  #slowestMs = 0
  #failure: unknown
  #isStarting: boolean

  /** Starts at once. A node that is starting may send clients away, but not keep them waiting. */
  constructor(url: string, node: 'ready' | 'starting' = 'ready') {
    this.#client = new Client(url)
    this.#isStarting = node === 'starting'
    this.#run = this.#goOn().catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Does some work and answers what was felt meanwhile. */
  async during(work: () => Promise<unknown>): Promise<Felt> {
    this.#answers = 0
    this.#slowestMs = 0
    await work()
    return this.felt()
  }

  /** What was felt since the start, or since the last `during` began. */
  async felt(): Promise<Felt> {
    // What is under way may have waited for all of it.
    await this.#ask('GET', '/healthz')
    if (this.#failure !== undefined) {
      throw new Error('The pulse was not served.', { cause: this.#failure })
    }
    return { answers: this.#answers, slowestMs: Math.round(this.#slowestMs) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#run
    await this.#client.destroy()
  }

  async #goOn(): Promise<void> {
    let isRegistered = false
    do {
      await this.#ask('GET', '/healthz')
      if (isRegistered) await this.#ask('POST', `${INSTANCE}/heartbeat`)
      else isRegistered = await this.#ask('PUT', INSTANCE, JSON.stringify(registration()))
    } while (await systemClock.sleep(EVERY_MS, this.#stopping.signal))
  }

  /** Answers false when it was sent away. */
  async #ask(method: 'GET' | 'PUT' | 'POST', path: string, json?: string): Promise<boolean> {
    const sinceMs = systemClock.monotonicMs()
    const headers = json === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await this.#client.request({ method, path, headers, body: json ?? null })
    const { statusCode } = answer
    const text = await answer.body.text()
    this.#slowestMs = Math.max(this.#slowestMs, systemClock.monotonicMs() - sinceMs)
    this.#answers += 1
    if (statusCode < 300) this.#isStarting &&= method !== 'PUT'
    else if (statusCode !== 503 || !this.#isStarting) {
      throw new Error(`${method} ${path} was answered with ${statusCode}: ${text}`)
    }
    return statusCode < 300
  }
}
