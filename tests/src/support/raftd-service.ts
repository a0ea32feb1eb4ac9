/**
 * A service of raftd's as its README has it: takes a lease, and sets its key in it again and again.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { curl } from './curl.ts'

export interface RaftdServiceOptions {
  readonly url: string
  /** Of its lease. */
  readonly name: string
  readonly ttlSeconds: number
  readonly key: string
  /** A JSON object, as text. */
  readonly data: string
}

/** A lease with a key that is kept alive until it is stopped. */
export class RaftdService implements AsyncDisposable {
  readonly id: string
  /** When the last confirmed one was sent, and when its answer was there; monotonic milliseconds. */
  lastSentMs = 0
  lastAnsweredMs = 0
  readonly #options: RaftdServiceOptions
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  #keepAlives = 0
  #failure: unknown

  private constructor(options: RaftdServiceOptions, id: string) {
    this.#options = options
    this.id = id
    this.#running = this.#run().catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Takes a lease and starts the loop. */
  static async start(options: RaftdServiceOptions): Promise<RaftdService> {
    const { url, name, ttlSeconds } = options
    const { status, text } = await curl(`${url}/lease/grant?ttl=${ttlSeconds}&name=${name}`, {
      method: 'POST',
    })
    if (status !== 200) throw new Error(`The grant was answered with ${status}: ${text}`)
    return new RaftdService(options, text)
  }

  /** How many keep-alives were confirmed so far. Throws when one was refused. */
  get keepAlives(): number {
    if (this.#failure !== undefined) {
      throw new Error('The service lost its lease.', { cause: this.#failure })
    }
    return this.#keepAlives
  }

  /** Ends the loop; the lease stays. Rejects when a keep-alive was refused. */
  async stop(): Promise<number> {
    this.#stopping.abort()
    await this.#running
    return this.keepAlives
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { ttlSeconds } = this.#options
    do {
      await this.#keepAlive()
    } while (await systemClock.sleep((ttlSeconds * 1_000) / 4, this.#stopping.signal))
  }

  async #keepAlive(): Promise<void> {
    const { url, key, data } = this.#options
    const sentMs = systemClock.monotonicMs()
    const form = { key, data }
    const answer = await curl(`${url}/lease/keepalive/${this.id}`, { method: 'POST', form }).catch(
      () => undefined, // the server is gone; the next one may be answered
    )
    if (!answer || answer.status === 503) return
    if (answer.status !== 200 || answer.text !== 'null') {
      throw new Error(`A keep-alive was answered with ${answer.status}: ${answer.text}`)
    }
    this.#keepAlives += 1
    this.lastSentMs = sentMs
    this.lastAnsweredMs = systemClock.monotonicMs()
  }
}
