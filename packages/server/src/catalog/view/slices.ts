import type { Clock } from '@rollcall/runtime'
import { SLICE_MS } from '../limits.ts'

/** How many steps pass between two looks at the clock. */
const STEPS_PER_LOOK = 64

/** Cuts long work into slices, between which the event loop does what else there is to do. */
export class Slices {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #startedMs: number
  #steps = 0

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
    this.#startedMs = clock.monotonicMs()
  }

  /** After some steps: whether to `pause` before the next. */
  isOver(steps = 1): boolean {
    this.#steps += steps
    if (this.#steps < STEPS_PER_LOOK) return false
    this.#steps = 0
    return this.#clock.monotonicMs() - this.#startedMs >= SLICE_MS
  }

  async pause(): Promise<void> {
    await this.#clock.sleep(0, this.#signal)
    this.#startedMs = this.#clock.monotonicMs()
  }
}
