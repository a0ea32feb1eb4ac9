/**
 * How long to wait before trying again.
 *
 * @module
 */

import type { Random } from './random.ts'

export interface BackoffOptions {
  readonly firstMs: number
  readonly maxMs: number
  readonly random: Random
}

/** Exponential backoff with full jitter: each wait is random up to a doubling bound. */
export class Backoff {
  readonly #options: BackoffOptions
  #attempt = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Answers how long to wait before the next try, at least half of the first wait. */
  nextMs(): number {
    const { firstMs, maxMs, random } = this.#options
    const bound = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempt, 30))
    this.#attempt += 1
    return Math.max(firstMs / 2, bound * random())
  }

  /** Starts over after a success. */
  reset(): void {
    this.#attempt = 0
  }
}
