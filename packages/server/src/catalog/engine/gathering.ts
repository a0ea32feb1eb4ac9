/**
 * How those who ask an engine come to ask together.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { turn } from './slices.ts'

/** Of those who were answered this share is waited for, as long as their group took, but no longer than this. */
const RETURNING = { share: 0.9, mostMs: 10 }
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
  readonly #clock: Pick<Clock, 'after'>
  readonly #waiting: () => number
  #expected = 0
  #mostMs = 0
  #skips = 0
  #go: (() => void) | undefined

  /** `waiting` answers how many wait for the next group. */
  constructor(clock: Pick<Clock, 'after'>, waiting: () => number) {
    this.#clock = clock
    this.#waiting = waiting
  }

  /** Whether more than one is likely to be in the next group. */
  get isOfMany(): boolean {
    return this.#expected > 1
  }

  /** Resolves after a turn of the event loop, or once as many wait as are expected. */
  async gather(): Promise<void> {
    await turn(this.#clock)
    const waiting = this.#waiting()
    if (waiting === 0 || waiting >= this.#expected || this.#mostMs === 0) return
    const ms = this.#mostMs
    await new Promise<void>((resolve) => {
      const stop = this.#clock.after(ms, () => {
        this.#skips = SKIPPED
        resolve()
      })
      this.#go = () => {
        stop()
        resolve()
      }
    })
    this.#go = undefined
  }

  /** One more waits. */
  came(): void {
    if (this.#go && this.#waiting() >= this.#expected) this.#go()
  }

  /** Takes note of a group that has ended: how many were answered, and how long it took. */
  ended(answered: number, tookMs: number): void {
    this.#expected = answered * RETURNING.share + this.#waiting()
    this.#skips = Math.max(0, this.#skips - 1)
    this.#mostMs = this.#skips > 0 ? 0 : Math.min(tookMs, RETURNING.mostMs)
  }
}
