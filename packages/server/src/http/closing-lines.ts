/**
 * The last lines of the head of an answer that is put together by hand: when it was made, and
 * that the connection stays. The same for all answers of a second.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'

/** How long a connection may rest between requests. */
export const KEEP_ALIVE_MS = 75_000

const KEEP_ALIVE = `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1_000}\r\n\r\n`

export class ClosingLines {
  readonly #clock: Pick<Clock, 'wallMs'>
  #second = -1
  #text = ''

  constructor(clock: Pick<Clock, 'wallMs'>) {
    this.#clock = clock
  }

  /** As of now; `second` says which others it is equal to. */
  now(): { readonly second: number; readonly text: string } {
    const wallMs = this.#clock.wallMs()
    const second = Math.floor(wallMs / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = `Date: ${new Date(wallMs).toUTCString()}\r\n${KEEP_ALIVE}`
    }
    return { second, text: this.#text }
  }
}
