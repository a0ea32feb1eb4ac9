/**
 * One client of the churn: a connection, and every answer counted or told as a surprise.
 *
 * @module
 */

import { Connection } from '../drivers/connection.ts'
import { headerIn } from '../drivers/response-reader.ts'
import type { Tally } from './tally.ts'

/** A request, and the statuses that are no surprise. */
export interface Asked {
  /** What it is counted as. */
  readonly name: string
  readonly expects: (status: number) => boolean
  readonly request: readonly [method: string, path: string, json?: string]
}

export class Asker {
  readonly #url: string
  readonly #tally: Tally
  #connection: Connection

  constructor(url: string, tally: Tally) {
    this.#url = url
    this.#connection = new Connection(url)
    this.#tally = tally
  }

  async ask({ name, expects, request }: Asked): Promise<void> {
    this.#tally.count(name)
    const what = request.join(' ')
    try {
      const { status, head, body } = await this.#connection.request(...request)
      if (!expects(status)) this.#tally.surprise(`${what}: ${status} ${String(body)}`)
      if (headerIn(head, 'connection') === 'close') this.#reconnect()
    } catch (error) {
      this.#tally.surprise(`${what}: ${String(error)}`)
    }
  }

  /** The node is about to hang up: the next request must not be on its way by then. */
  #reconnect(): void {
    this.#connection.close()
    this.#connection = new Connection(this.#url)
  }

  close(): void {
    this.#connection.close()
  }
}
