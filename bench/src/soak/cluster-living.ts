/**
 * Instances that live all the time, since their clients renew them at every node; and readers
 * that ask every node whether they are there.
 *
 * @module
 */

import { API_BASE, type HeartbeatsAnswer } from '@rollcall/protocol'
import { systemClock, type Random } from '@rollcall/runtime'
import { call } from '../../../tests/src/support/http.ts'
import { idsAt } from '../../../tests/src/support/witness.ts'
import { batchOf, idOf, serviceOf, type Workload } from '../instances/workload.ts'
import type { Tally } from './tally.ts'

/** Shorter than a cut, so that whoever is not vouched for disappears during one. */
const TTL_MS = 30_000
const INSTANCES_PER_SERVICE = 200
const BATCH = 500
const READ_EVERY_MS = 50

export class Living {
  readonly workload: Workload
  readonly #count: number
  readonly #tally: Tally
  readonly #random: Random

  constructor(count: number, tally: Tally, random: Random) {
    const services = Math.ceil(count / INSTANCES_PER_SERVICE)
    this.workload = { prefix: 'living', services, ttlMs: TTL_MS }
    this.#count = count
    this.#tally = tally
    this.#random = random
  }

  /** Renews all at one node until `signal` aborts. One that is away is tried again the next time. */
  async renew(url: string, signal: AbortSignal): Promise<void> {
    do {
      for (let first = 0; first < this.#count; first += BATCH) {
        await this.#renewBatch(url, first)
      }
    } while (await systemClock.sleep(TTL_MS / 3, signal))
  }

  /** Reads one service after the other at one node until `signal` aborts. */
  async read(url: string, signal: AbortSignal): Promise<void> {
    do {
      const service = Math.floor(this.#random() * this.workload.services)
      const seen = await idsAt(url, serviceOf(this.workload, service))
      if (!seen) continue
      this.#tally.count('reads')
      for (let n = service; n < this.#count; n += this.workload.services) {
        if (seen.has(idOf(n))) continue
        this.#tally.surprise(`${url} does not show ${serviceOf(this.workload, service)} ${idOf(n)}`)
      }
    } while (await systemClock.sleep(READ_EVERY_MS, signal))
  }

  async #renewBatch(url: string, first: number): Promise<void> {
    const body: unknown = JSON.parse(
      batchOf(this.workload, first, Math.min(BATCH, this.#count - first)),
    )
    let answer
    try {
      answer = await call(`${url}${API_BASE}/heartbeats`, { method: 'POST', body })
    } catch {
      return // it is down, or stands still
    }
    if (answer.status === 503) return
    if (answer.status !== 200) {
      this.#tally.surprise(`renewals at ${url}: ${answer.status} ${answer.text}`)
      return
    }
    const { renewed, missing, superseded } = JSON.parse(answer.text) as HeartbeatsAnswer
    this.#tally.count('renewals', renewed)
    for (const { service, id } of [...missing, ...superseded]) {
      this.#tally.surprise(`${url} does not know ${service} ${id}, which was to be renewed`)
    }
  }
}
