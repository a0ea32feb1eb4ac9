/**
 * A few connections to one node, of which whoever asks gets one that is free.
 *
 * @module
 */

import { Connection, mustSucceed } from './connection.ts'
import type { HttpAnswer } from './response-reader.ts'

export class Connections {
  readonly #url: string
  readonly #free: Connection[] = []

  /** Connects as the need arises, and never closes: the process ends. */
  constructor(url: string) {
    this.#url = url
  }

  /** Makes a request that must be answered with success. The body of the answer is valid for the moment. */
  async request(
    ...request: readonly [method: string, path: string, json?: string]
  ): Promise<HttpAnswer> {
    return this.#lend((connection) => mustSucceed(connection, ...request))
  }

  /** Makes a request, however it is answered. The body of the answer is valid for the moment. */
  async ask(method: string, path: string): Promise<HttpAnswer> {
    return this.#lend((connection) => connection.request(method, path))
  }

  async #lend(use: (connection: Connection) => Promise<HttpAnswer>): Promise<HttpAnswer> {
    const connection = this.#free.pop() ?? new Connection(this.#url)
    const answer = await use(connection)
    this.#free.push(connection)
    return answer
  }
}
