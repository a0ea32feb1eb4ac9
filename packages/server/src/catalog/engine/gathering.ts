/**
 * How those who ask an engine come to ask together.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { turn } from './slices.ts'

/** Of those who were answered this share is waited for, as long as their group took, but no longer than this. */
const RETURNING = { share: 0.9, mostMs: 3 }
/** A clock that stands still ends the wait after so many turns. */
const TURNS = 100
/** Where too few came, so many groups go without a wait. */
const SKIPPED = 16

/**
 * A group costs an engine nearly the same whatever its size. Writers who were answered together
 * come back one after the other; taken at once, the first of them would go with those who came
 * during the last group, and from then on each half would wait for the other's. So a group waits
 * for those who were just answered, on top of those who wait already.
 *
 * Where those who ask are many and each comes once, they do not come back: a wait in vain is not
 * repeated for a while. Whoever asks alone waits for nobody.
 */
export class Gathering {
  readonly #clock: Pick<Clock, 'after' | 'monotonicMs'>
  #expected = 0
  #mostMs = 0
  #skips = 0

  constructor(clock: Pick<Clock, 'after' | 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Whether more than one is likely to be in the next group. */
  get isOfMany(): boolean {
    return this.#expected > 1
  }

  /** Resolves after a turn of the event loop, or once as many wait as are expected. */
  async gather(waiting: () => number): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + this.#mostMs
    let turns = 0
    do {
      await turn(this.#clock)
      turns += 1
      if (waiting() === 0 || waiting() >= this.#expected) return
    } while (turns < TURNS && this.#clock.monotonicMs() < untilMs)
    if (this.#mostMs > 0) this.#skips = SKIPPED
  }

  /** Takes note of a group that has ended: how many were answered, and wait already; how long it took. */
  ended(answered: number, waiting: number, tookMs: number): void {
    this.#expected = answered * RETURNING.share + waiting
    this.#skips = Math.max(0, this.#skips - 1)
    this.#mostMs = this.#skips > 0 ? 0 : Math.min(tookMs, RETURNING.mostMs)
  }
}
