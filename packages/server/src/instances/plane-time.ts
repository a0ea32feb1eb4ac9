/**
 * The plane's own time: monotonic milliseconds from which our own stalls are taken out.
 *
 * While the process stood still no renewal could reach it, so no deadline may pass because
 * of that. Measuring every deadline on a time that does not count stalls moves all of them
 * at once, before anything else is handled: whoever asks for the time first after a stall
 * finds it.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { STALL_MS, TICK_MS } from './constants.ts'

export class PlaneTime {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #onStall: (delayMs: number) => void
  #lastMs: number
  #stalledMs: number

  /** `onStall` is told how long each stall was, after the time has been set right. */
  constructor(clock: Pick<Clock, 'monotonicMs'>, onStall: (delayMs: number) => void) {
    this.#clock = clock
    this.#onStall = onStall
    this.#lastMs = clock.monotonicMs()
    this.#stalledMs = Math.floor(this.#lastMs)
  }

  /**
   * Milliseconds of the plane's life, whole. Somebody must ask every `TICK_MS`: a longer
   * silence is taken for a stall.
   */
  nowMs(): number {
    const monotonicMs = this.#clock.monotonicMs()
    const lateMs = monotonicMs - this.#lastMs - TICK_MS
    this.#lastMs = monotonicMs
    if (lateMs > STALL_MS) {
      this.#stalledMs += lateMs
      this.#onStall(lateMs)
    }
    return this.lastMs
  }

  /** The time as it was last asked for: what is in the middle of something looks no further. */
  get lastMs(): number {
    return Math.floor(this.#lastMs - this.#stalledMs)
  }
}
