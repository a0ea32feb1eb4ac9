/**
 * Which requests may turn their connection into something else.
 *
 * @module
 */

import { IncomingMessage } from 'node:http'

/**
 * Makes a class of requests of which only those for one path may do so. A server that hands out
 * upgraded connections is asked by its parser for every request that offers an upgrade, and
 * other clients do: Java's offers HTTP/2 with each first request, also with a body. Theirs must
 * be answered as if they had not.
 */
export function upgradesOnlyAt(path: string): typeof IncomingMessage {
  return class extends IncomingMessage {
    declare private asked: boolean

    /** Set by the parser when a request offers an upgrade, and asked by it what to do. */
    get upgrade(): boolean {
      return this.asked && (this.url === path || this.method === 'CONNECT')
    }

    set upgrade(asked: boolean | null) {
      this.asked = asked === true
    }
  }
}
