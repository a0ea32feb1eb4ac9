import { hasCode } from '@rollcall/protocol/errors'
import type { Clock } from '@rollcall/runtime'
import { LEASE_KEYS_LIMIT, type Engine } from './engine.ts'

/** How long a request is remembered at least, and how long a lease is given to new ones. */
const REMEMBERED = { keptMs: 600_000, sharedMs: 60_000 }
/** Half of what an engine lets hang on one lease. */
const REQUESTS_PER_LEASE = LEASE_KEYS_LIMIT / 2

interface Bucket {
  readonly sinceMs: number
  requests: number
  readonly lease: Promise<number>
}

export interface RequestLeasesOptions {
  readonly engine: Pick<Engine, 'leases'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** How long what hangs on a lease lives at least. */
  readonly keptMs?: number
  /** How long a lease is shared; it lives for both together. */
  readonly sharedMs?: number
}

/** The leases with which records of requests end: one a minute or some thousands, not one a request. */
export class RequestLeases {
  readonly #engine: Pick<Engine, 'leases'>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #keptMs: number
  readonly #sharedMs: number
  #bucket: Bucket | undefined

  constructor(options: RequestLeasesOptions) {
    const { engine, clock, keptMs, sharedMs } = { ...REMEMBERED, ...options }
    this.#engine = engine
    this.#clock = clock
    this.#keptMs = keptMs
    this.#sharedMs = sharedMs
  }

  /** Does something under the lease of this minute; again under a new one where that is gone, as after a restore. */
  async use<T>(act: (lease: number) => Promise<T>): Promise<T> {
    const bucket = this.#current()
    const lease = await bucket.lease
    try {
      return await act(lease)
    } catch (error) {
      if (!hasCode(error, 'lease_not_found') || error.details['lease'] !== lease) throw error
      if (this.#bucket === bucket) this.#bucket = undefined
      return act(await this.#current().lease)
    }
  }

  #current(): Bucket {
    const nowMs = this.#clock.monotonicMs()
    if (this.#bucket && this.#hasRoom(this.#bucket, nowMs)) {
      this.#bucket.requests += 1
      return this.#bucket
    }
    const bucket = { sinceMs: nowMs, requests: 1, lease: this.#grant() }
    this.#bucket = bucket
    bucket.lease.catch(() => {
      if (this.#bucket === bucket) this.#bucket = undefined
    })
    return bucket
  }

  async #grant(): Promise<number> {
    const { id } = await this.#engine.leases.grant({ ttlMs: this.#keptMs + this.#sharedMs })
    return id
  }
  #hasRoom({ sinceMs, requests }: Bucket, nowMs: number): boolean {
    return nowMs - sinceMs < this.#sharedMs && requests < REQUESTS_PER_LEASE
  }
}
