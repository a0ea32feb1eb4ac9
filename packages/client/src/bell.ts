/**
 * Waiting for a time or for news, whichever comes first.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { LinkedSignal } from './linked-signal.ts'

/** Wakes its one waiter. A ring that nobody waits for is kept for the next wait. */
export class Bell {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves after `ms`, at a ring, or when `signal` aborts. */
  async wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung) {
      const waking = new LinkedSignal(signal)
      this.#wake = () => {
        waking.abort()
      }
      await clock.sleep(ms, waking.signal)
      this.#wake = undefined
      waking.release()
    }
    this.#rung = false
  }
}
