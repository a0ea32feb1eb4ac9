/**
 * Renewals in bulk of many instances, each batch again and again at its interval.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { batchOf, type Workload } from '../instances/workload.ts'
import { quantile } from '../tools/quantile.ts'
import { Connection, mustSucceed } from './connection.ts'

const CONNECTIONS = 4
/** How often it looks for a first batch. */
const IDLE_MS = 100

export interface Renewing {
  readonly url: string
  readonly workload: Workload
  readonly batch: number
  readonly everyMs: number
}

export interface RenewalReport {
  readonly requests: number
  readonly renewed: number
  /** Renewals that were answered with `missing` or `superseded`. */
  readonly refused: number
  readonly p99Ms: number
  readonly maxMs: number
  /** How late a batch was sent at worst, against its interval: the driver's own trouble. */
  readonly lateMaxMs: number
}

interface Due {
  readonly body: string
  readonly atMs: number
}

interface HeartbeatTally {
  readonly renewed: number
  readonly missing: readonly unknown[]
  readonly superseded: readonly unknown[]
}

/** Batches join as their instances are registered, and from then on are renewed for good. */
export class Renewals {
  readonly #options: Renewing
  /** All have the same interval, so they stay in order. */
  readonly #queue: Due[] = []
  #first = 0
  #latencies: number[] = []
  #renewed = 0
  #refused = 0
  #lateMaxMs = 0

  constructor(options: Renewing) {
    this.#options = options
  }

  /** Takes in what is registered so far; whole batches only. */
  cover(count: number): void {
    const { workload, batch, everyMs } = this.#options
    while (this.#first + batch <= count) {
      const atMs = systemClock.monotonicMs() + everyMs
      this.#queue.push({ body: batchOf(workload, this.#first, batch), atMs })
      this.#first += batch
    }
  }

  /** Sends what is due until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: CONNECTIONS }, () => this.#client(signal)))
  }

  /** What happened since the last report. */
  report(): RenewalReport {
    const sorted = Float64Array.from(this.#latencies).sort()
    const report = {
      requests: sorted.length,
      renewed: this.#renewed,
      refused: this.#refused,
      p99Ms: quantile(sorted, 0.99),
      maxMs: quantile(sorted, 1),
      lateMaxMs: this.#lateMaxMs,
    }
    this.#latencies = []
    this.#renewed = 0
    this.#refused = 0
    this.#lateMaxMs = 0
    return report
  }

  async #client(signal: AbortSignal): Promise<void> {
    const connection = new Connection(this.#options.url)
    for (;;) {
      const due = this.#takeDue()
      if (due) await this.#renew(connection, due)
      else if (!(await systemClock.sleep(this.#untilNextMs(), signal))) break
      if (signal.aborted) break
    }
    connection.close()
  }

  /** The first batch if its time has come. It keeps to its own rhythm however late it is. */
  #takeDue(): Due | undefined {
    const [first] = this.#queue
    if (first === undefined || first.atMs > systemClock.monotonicMs()) return undefined
    this.#queue.shift()
    this.#queue.push({ body: first.body, atMs: first.atMs + this.#options.everyMs })
    return first
  }

  #untilNextMs(): number {
    const [first] = this.#queue
    return first === undefined ? IDLE_MS : Math.max(1, first.atMs - systemClock.monotonicMs())
  }

  async #renew(connection: Connection, { body, atMs }: Due): Promise<void> {
    const sentAtMs = systemClock.monotonicMs()
    const answer = await mustSucceed(connection, 'POST', `${API_BASE}/heartbeats`, body)
    this.#latencies.push(systemClock.monotonicMs() - sentAtMs)
    this.#lateMaxMs = Math.max(this.#lateMaxMs, sentAtMs - atMs)
    const tally = JSON.parse(answer.body.toString()) as HeartbeatTally
    this.#renewed += tally.renewed
    this.#refused += tally.missing.length + tally.superseded.length
  }
}
