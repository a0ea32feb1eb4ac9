/**
 * Who has received which change, and how long after it was sent.
 *
 * @module
 */

import { quantile } from '../tools/quantile.ts'

/** What a driver of watchers reports at the end. */
export interface DeliveryReport {
  readonly expected: number
  readonly delivered: number
  readonly missing: number
  /** Changes that somebody received more than once. */
  readonly repeated: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export class Deliveries {
  readonly #watchers: number
  readonly #changes: number
  readonly #seen: Uint8Array
  readonly #latencies: Float64Array
  readonly #sentAtMs: Float64Array
  #delivered = 0
  #repeated = 0

  /** `sentAtMs` is filled by the publisher as it goes. */
  constructor(watchers: number, sentAtMs: Float64Array) {
    this.#watchers = watchers
    this.#changes = sentAtMs.length
    this.#sentAtMs = sentAtMs
    this.#seen = new Uint8Array(watchers * this.#changes)
    this.#latencies = new Float64Array(watchers * this.#changes)
  }

  get isComplete(): boolean {
    return this.#delivered === this.#latencies.length
  }

  /** Notes that a watcher received a change at a monotonic time. */
  note(watcher: number, change: number, atMs: number): void {
    if (change >= this.#changes) throw new Error(`Nobody has published change ${change}.`)
    const at = watcher * this.#changes + change
    if (this.#seen[at] === 1) {
      this.#repeated += 1
      return
    }
    this.#seen[at] = 1
    this.#latencies[this.#delivered] = atMs - (this.#sentAtMs[change] ?? Number.NaN)
    this.#delivered += 1
  }

  report(): DeliveryReport {
    const sorted = this.#latencies.subarray(0, this.#delivered).sort()
    const expected = this.#watchers * this.#changes
    return {
      expected,
      delivered: this.#delivered,
      missing: expected - this.#delivered,
      repeated: this.#repeated,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      maxMs: quantile(sorted, 1),
    }
  }
}
