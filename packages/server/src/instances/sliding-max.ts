/**
 * The greatest level within the last while, in a few buckets.
 *
 * @module
 */

const BUCKETS = 8

/** Forgets a level between one and nine eighths of the window after it was left. */
export class SlidingMax {
  readonly #widthMs: number
  readonly #peaks: number[] = []
  #newest = 0
  #level = 0

  constructor(windowMs: number) {
    this.#widthMs = windowMs / BUCKETS
  }

  /** Says what the level is from now on. */
  note(nowMs: number, level: number): void {
    this.#advance(nowMs)
    this.#level = level
    const at = this.#newest % (BUCKETS + 1)
    this.#peaks[at] = Math.max(this.#peaks[at] ?? 0, level)
  }

  max(nowMs: number): number {
    this.#advance(nowMs)
    return Math.max(0, ...this.#peaks.filter((peak) => peak > 0))
  }

  #advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / this.#widthMs)
    const passed = Math.min(bucket - this.#newest, BUCKETS + 1)
    for (let step = 0; step < passed; step += 1) {
      this.#peaks[(bucket - step) % (BUCKETS + 1)] = this.#level
    }
    if (bucket > this.#newest) this.#newest = bucket
  }
}
