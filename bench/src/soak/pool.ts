/**
 * The instances of the soak. Most only live and are renewed; a fixed number come and go. The
 * names are always the same, since a tombstone is remembered for two hours by design: new names
 * would make the node grow for all of half an hour, and rightly so.
 *
 * @module
 */

import type { Random } from '@rollcall/runtime'
import { idOf, serviceOf, type Workload } from '../instances/workload.ts'

/** A node remembers so many events of each instance. */
export const EVENTS_REMEMBERED = 64

const CHURNING_MAX = 2_000
const CHURNING_SHARE = 0.2
/** Of the churning, so many are away at any time once the churn is under way. */
const AWAY_SHARE = 0.25
const INSTANCES_PER_SERVICE = 200

export const STEADY_TTL_MS = 90_000
/** The least that the registry takes: who dies silently is to be evicted soon. */
export const CHURNING_TTL_MS = 9_000

/** Who is there of the churning instances, and who has gone, the longest gone first. */
export class Pool {
  readonly steady: number
  readonly workload: Workload
  readonly churning: Workload
  readonly #random: Random
  readonly #present: number[] = []
  readonly #away: number[] = []
  readonly #awayMin: number

  constructor(instances: number, random: Random) {
    const churning = Math.min(CHURNING_MAX, Math.floor(instances * CHURNING_SHARE))
    const services = Math.ceil(instances / INSTANCES_PER_SERVICE)
    this.steady = instances - churning
    this.workload = { prefix: 'soak', services, ttlMs: STEADY_TTL_MS }
    this.churning = { ...this.workload, ttlMs: CHURNING_TTL_MS }
    this.#random = random
    this.#awayMin = Math.floor(churning * AWAY_SHARE)
    this.#away = Array.from({ length: churning }, (_, at) => this.steady + at)
  }

  /** Of all churning instances, the numbers in the workload. */
  get churners(): readonly number[] {
    return [...this.#present, ...this.#away]
  }

  get present(): readonly number[] {
    return this.#present
  }

  /** One that is there, at random; undefined when nobody is. */
  any(): number | undefined {
    return this.#present[Math.floor(this.#random() * this.#present.length)]
  }

  /** Takes somebody away, at random. */
  leave(): number | undefined {
    const at = Math.floor(this.#random() * this.#present.length)
    const left = this.#present[at]
    const last = this.#present.pop()
    if (left === undefined || last === undefined) return undefined
    if (at < this.#present.length) this.#present[at] = last
    this.#away.push(left)
    return left
  }

  /** Brings back whoever has been away longest, if enough are. Say so with `arrived` once it is done. */
  comeBack(): number | undefined {
    return this.#away.length > this.#awayMin ? this.#away.shift() : undefined
  }

  arrived(n: number): void {
    this.#present.push(n)
  }

  /** A service, at random. */
  anyService(): string {
    return serviceOf(this.workload, Math.floor(this.#random() * this.workload.services))
  }
}

/** The renewal of some instances, as JSON. */
export function renewalOf(workload: Workload, numbers: readonly number[]): string {
  const instances = numbers.map((n) => ({ service: serviceOf(workload, n), id: idOf(n) }))
  return JSON.stringify({ instances })
}
