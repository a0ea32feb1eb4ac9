/**
 * Counts what happened within the last while, in a few buckets instead of a list.
 *
 * @module
 */

const BUCKETS = 8

/** Forgets each count between one and nine eighths of the window after it was made. */
export class SlidingCount {
  readonly #widthMs: number
  readonly #counts: number[] = []
  #newest = 0

  constructor(windowMs: number) {
    this.#widthMs = windowMs / BUCKETS
  }

  add(nowMs: number, count = 1): void {
    this.#advance(nowMs)
    this.#counts[this.#newest % (BUCKETS + 1)] = this.#at(this.#newest) + count
  }

  /** Takes back one that was counted at `atMs`, if it still counts. */
  remove(atMs: number, nowMs: number): void {
    this.#advance(nowMs)
    const bucket = this.#bucketOf(atMs)
    if (bucket < this.#newest - BUCKETS || this.#at(bucket) === 0) return
    this.#counts[bucket % (BUCKETS + 1)] = this.#at(bucket) - 1
  }

  total(nowMs: number): number {
    this.#advance(nowMs)
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  #advance(nowMs: number): void {
    const bucket = this.#bucketOf(nowMs)
    const passed = Math.min(bucket - this.#newest, BUCKETS + 1)
    for (let step = 0; step < passed; step += 1) this.#counts[(bucket - step) % (BUCKETS + 1)] = 0
    if (bucket > this.#newest) this.#newest = bucket
  }

  #at(bucket: number): number {
    return this.#counts[bucket % (BUCKETS + 1)] ?? 0
  }

  #bucketOf(atMs: number): number {
    return Math.floor(atMs / this.#widthMs)
  }
}
