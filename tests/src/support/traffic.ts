/**
 * Clients that register one instance after the other until their server is gone.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { call, instanceUrl, registration } from './http.ts'

const AT_ONCE = 8

/** Enough that a table takes a while to write. */
const METADATA = { text: 'x'.repeat(3_500) }

/** Registrations of one service that go on until no answer comes any more. */
export class Traffic {
  /** What was sent, and what of it the server confirmed. */
  readonly sent = new Set<string>()
  readonly confirmed = new Set<string>()
  /** Resolves once the server is gone and nothing is under way. */
  readonly ended: Promise<void>
  readonly #server: string
  readonly #prefix: string

  /** Starts at once. Ids begin with `prefix`. */
  constructor(server: string, prefix: string) {
    this.#server = server
    this.#prefix = prefix
    const clients = Array.from({ length: AT_ONCE }, () => this.#client())
    this.ended = Promise.all(clients).then(() => {})
  }

  async #client(): Promise<void> {
    const never = new AbortController().signal
    do {
      const id = `${this.#prefix}-${this.sent.size}`
      this.sent.add(id)
      if (!(await this.#register(id))) return
      this.confirmed.add(id)
    } while (await systemClock.sleep(0, never))
  }

  async #register(id: string): Promise<boolean> {
    const body = registration({ metadata: METADATA })
    try {
      const answer = await call(instanceUrl(this.#server, 'shop', id), { method: 'PUT', body })
      return answer.status === 201
    } catch {
      return false // cut in the middle, or refused: the server is going or gone
    }
  }
}
