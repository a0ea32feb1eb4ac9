/**
 * One client that knows what it does not know: whether a write that was not answered has
 * happened, as opposed to one that surely has not.
 *
 * @module
 */

import { Connection, type HttpRequest } from '../../drivers/connection.ts'
import { headerIn } from '../../drivers/response-reader.ts'

export type Outcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly head: string
      readonly text: string
    }
  /** It has not happened, and will not. */
  | { readonly kind: 'refused' }
  /** It may have happened; what the node said of it, if it did. */
  | { readonly kind: 'unknown'; readonly text?: string }

const UNAVAILABLE = 503
const OUTCOME_UNKNOWN = 504

export class Client {
  readonly #url: string
  #connection: Connection

  constructor(url: string) {
    this.#url = url
    this.#connection = new Connection(url)
  }

  /** Never rejects. */
  async ask(request: HttpRequest): Promise<Outcome> {
    try {
      const { status, head, body } = await this.#connection.send(request)
      // The node is about to hang up: the next request must not be on its way by then.
      if (headerIn(head, 'connection') === 'close') this.#reconnect()
      if (status === UNAVAILABLE) return { kind: 'refused' }
      const text = body.toString()
      if (status === OUTCOME_UNKNOWN) return { kind: 'unknown', text }
      return { kind: 'answered', status, head, text }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return { kind: code === 'ECONNREFUSED' ? 'refused' : 'unknown' }
    }
  }

  close(): void {
    this.#connection.close()
  }

  #reconnect(): void {
    this.#connection.close()
    this.#connection = new Connection(this.#url)
  }
}
