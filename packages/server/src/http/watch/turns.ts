/**
 * Long work in turns. A thousand watchers that all start over would each have a page read as soon
 * as they have taken the last, in one go of the event loop that heartbeats share; so whoever has
 * more to read asks here first.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'

/** What all of them together may take at a stretch. */
const TURN_MS = 10

export class Turns {
  readonly #clock: Pick<Clock, 'after' | 'monotonicMs'>
  #waiting: (() => void)[] = []
  #untilMs = Number.NEGATIVE_INFINITY
  #isUnderWay = false

  constructor(clock: Pick<Clock, 'after' | 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Says whether there is time for a step now. If not, `then` is called when there is. */
  mayGoOn(then: () => void): boolean {
    if (!this.#isUnderWay) this.#begin()
    if (this.#clock.monotonicMs() < this.#untilMs) return true
    this.#waiting.push(then)
    return false
  }

  #begin(): void {
    this.#isUnderWay = true
    this.#untilMs = this.#clock.monotonicMs() + TURN_MS
    this.#clock.after(0, () => {
      this.#next()
    })
  }

  /** The event loop has been round: those that wait go on, in their order. */
  #next(): void {
    this.#isUnderWay = false
    if (this.#waiting.length === 0) return
    this.#begin()
    const waiting = this.#waiting
    this.#waiting = []
    for (const then of waiting) {
      if (this.mayGoOn(then)) then()
    }
  }
}
