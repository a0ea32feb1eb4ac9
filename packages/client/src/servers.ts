/**
 * Which of several servers to ask: one as long as it works, then the next.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'

/** One registry server, or a load balancer before some. */
export interface Server {
  /** As shown to people and in errors; without credentials. */
  readonly url: string
  readonly origin: string
  /** What stands before every path; empty at the root. */
  readonly base: string
}

/** The servers of one client. Only a failure moves it on, so that an answer that comes late moves nothing. */
export class Servers {
  readonly #all: readonly Server[]
  #preferred = 0

  /** Refuses (`invalid_argument`) an empty list and what is no http or https address. */
  constructor(urls: readonly string[]) {
    if (urls.length === 0) throw invalidArgument('Name at least one registry server.')
    this.#all = urls.map(parseServer)
  }

  /** All servers once, the preferred one first. */
  inTurn(): readonly Server[] {
    return [...this.#all.slice(this.#preferred), ...this.#all.slice(0, this.#preferred)]
  }

  /** Prefers the next server, if this one was preferred. Says whether that is another one. */
  leave(server: Server): boolean {
    if (this.#all[this.#preferred] !== server || this.#all.length === 1) return false
    this.#preferred = (this.#preferred + 1) % this.#all.length
    return true
  }
}

function parseServer(text: string): Server {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw invalidArgument('A registry server is named like http://127.0.0.1:7070.', {
      server: url?.username || url?.password ? url.protocol : text,
    })
  }
  if (url.username || url.password) {
    // Such addresses end up in logs; the token has its own option.
    throw invalidArgument('Name a registry server without credentials; pass a token instead.', {
      server: url.host,
    })
  }
  const base = url.pathname.replace(/\/+$/, '')
  return { url: url.origin + base, origin: url.origin, base }
}
