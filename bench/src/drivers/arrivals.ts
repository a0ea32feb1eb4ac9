/**
 * When each of some numbered changes was sent, and when it arrived somewhere else.
 *
 * @module
 */

import { quantile } from '../tools/quantile.ts'

/** What a driver of changes reports at the end. */
export interface ArrivalReport {
  readonly count: number
  readonly missing: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Until the writer was answered. */
  readonly answeredP50Ms: number
  readonly answeredP99Ms: number
}

export class Arrivals {
  readonly #first: number
  readonly #sentAtMs: Float64Array
  readonly #answeredAtMs: Float64Array
  readonly #arrivedAtMs: Float64Array
  #arrived = 0

  /** Of `count` changes the first `warmUp` are not reported. */
  constructor(count: number, warmUp: number) {
    this.#first = warmUp
    this.#sentAtMs = new Float64Array(count)
    this.#answeredAtMs = new Float64Array(count)
    this.#arrivedAtMs = new Float64Array(count)
  }

  get isComplete(): boolean {
    return this.#arrived === this.#sentAtMs.length
  }

  sent(change: number, atMs: number): void {
    this.#sentAtMs[change] = atMs
  }

  answered(change: number, atMs: number): void {
    this.#answeredAtMs[change] = atMs
  }

  /** Only the first time counts. */
  arrived(change: number, atMs: number): void {
    if (this.#arrivedAtMs[change] !== 0) return
    this.#arrivedAtMs[change] = atMs
    this.#arrived += 1
  }

  report(): ArrivalReport {
    const sent = this.#sentAtMs.subarray(this.#first)
    const took = (until: Float64Array) =>
      until
        .subarray(this.#first)
        .map((atMs, at) => (atMs === 0 ? Number.NaN : atMs - (sent[at] ?? 0)))
        .filter((ms) => !Number.isNaN(ms))
        .sort()
    const arrived = took(this.#arrivedAtMs)
    const answered = took(this.#answeredAtMs)
    const seconds = ((sent.at(-1) ?? 0) - (sent[0] ?? 0)) / 1_000
    return {
      count: sent.length,
      missing: sent.length - arrived.length,
      perSecond: (sent.length - 1) / seconds,
      p50Ms: quantile(arrived, 0.5),
      p99Ms: quantile(arrived, 0.99),
      maxMs: quantile(arrived, 1),
      answeredP50Ms: quantile(answered, 0.5),
      answeredP99Ms: quantile(answered, 0.99),
    }
  }
}
