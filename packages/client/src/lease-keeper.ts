/**
 * Keeps a lease alive, and knows by itself when it no longer may be relied on.
 *
 * Whoever holds something by a lease has to stop before the registry gives it to another, and must
 * not need the registry to be told so: it may be the one that is cut off. So the time is measured
 * here, on this machine's clock, from when a renewal that was confirmed had been *sent*: the
 * registry processed it later than that, and its ttl ends later than ours. What is left of the ttl
 * at that point is for clocks that run at different speeds, and for stopping.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol'
import {
  Backoff,
  silentLog,
  systemClock,
  systemRandom,
  type Actor,
  type Clock,
  type Logger,
  type Random,
} from '@rollcall/runtime'
import type { RollcallClient } from './client.ts'
import { LinkedSignal } from './linked-signal.ts'
import { isRegistryError } from './problems.ts'

/** What of the ttl is never used: clocks may differ, and stopping takes its time. */
const MARGIN_RATIO = 0.15
const MARGIN_MIN_MS = 1_000

/** Renewals come up to a fifth early, at random, so that many holders spread. */
const RENEW_JITTER = 0.2
const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 1_000
const FAREWELL_MAX_MS = 3_000

const UNCONFIRMED = 'no renewal was confirmed in time'

export interface LeaseKeeperOptions {
  readonly client: Pick<RollcallClient, 'leases'>
  /** As it was granted. */
  readonly lease: { readonly id: number; readonly ttlMs: number }
  /**
   * When the grant or a later renewal was sent, on `clock`'s monotonic time. Absent: not known,
   * and the lease is not relied on before the first renewal was confirmed.
   */
  readonly sentAtMs?: number
  /** What becomes of the lease when `run` is stopped, default `revoke`. */
  readonly atEnd?: 'revoke' | 'leave'
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Logger
  /** Once, when the lease is lost; `lost` says the same. */
  readonly onLost?: (error: RegistryError) => void
}

/** Holds one lease. Works only while it runs, and holds nothing after it. */
export class LeaseKeeper implements Actor {
  readonly #options: LeaseKeeperOptions
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Logger
  readonly #lost = new AbortController()
  readonly #backoff: Backoff
  #ttlMs: number
  /** When the last renewal that was confirmed had been sent. */
  #sentAtMs: number | undefined
  /** When it is lost, unless something is confirmed before. */
  #lostAtMs = Infinity
  #disarm = () => {}

  constructor(options: LeaseKeeperOptions) {
    const { clock = systemClock, random = systemRandom, log = silentLog } = options
    this.#options = options
    this.#clock = clock
    this.#random = random
    this.#log = log
    this.#ttlMs = options.lease.ttlMs
    this.#backoff = new Backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, random })
    this.#sentAtMs = options.sentAtMs
  }

  /** Grants a lease, to be kept by the keeper that is answered. Throws as `leases.grant`. */
  static async grant(
    request: { readonly ttlMs: number; readonly name?: string },
    options: Omit<LeaseKeeperOptions, 'lease' | 'sentAtMs'>,
  ): Promise<LeaseKeeper> {
    const { clock = systemClock } = options
    const sentAtMs = clock.monotonicMs()
    const lease = await options.client.leases.grant(request)
    return new LeaseKeeper({ ...options, lease, sentAtMs })
  }

  get id(): number {
    return this.#options.lease.id
  }

  /** As granted. */
  get ttlMs(): number {
    return this.#ttlMs
  }

  /** How long before the end of the ttl it counts as lost: what is left for stopping. */
  get marginMs(): number {
    return Math.max(MARGIN_MIN_MS, this.#ttlMs * MARGIN_RATIO)
  }

  /** Aborts, with a `lease_lost` as its reason, as soon as the lease may not be relied on any more. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Whether what the lease protects may be done now. Ask before each act: a timer may be late. */
  get isUsable(): boolean {
    const sentAtMs = this.#sentAtMs
    if (sentAtMs === undefined || this.lost.aborted) return false
    return this.#clock.monotonicMs() < sentAtMs + this.#usableMs()
  }

  /**
   * Renews until `signal` aborts or the lease is lost, then resolves. In the first case the lease
   * is revoked, unless it is to be left; that takes 3 s at most. Rejects on a bug. Once.
   */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new LinkedSignal(signal, this.lost)
    try {
      this.#arm(this.#sentAtMs ?? this.#clock.monotonicMs())
      await this.#renewing(stop.signal)
    } finally {
      this.#disarm()
      this.#sentAtMs = undefined
      stop.release()
    }
    if (!this.lost.aborted && this.#options.atEnd !== 'leave') await this.#revoke()
  }

  async #renewing(signal: AbortSignal): Promise<void> {
    // What was just granted need not be renewed at once.
    let waitMs = this.#sentAtMs === undefined ? 0 : this.#renewInMs(this.#sentAtMs)
    while (await this.#clock.sleep(waitMs, signal)) {
      const sentAtMs = this.#clock.monotonicMs()
      // After a standstill this may be what wakes first.
      if (sentAtMs >= this.#lostAtMs) return this.#lose(UNCONFIRMED)
      try {
        const { ttlMs } = await this.#options.client.leases.keepAlive(this.id, {
          timeoutMs: this.#usableMs() / 4,
          signal,
        })
        this.#confirm(ttlMs, sentAtMs)
        waitMs = this.#renewInMs(sentAtMs)
      } catch (error) {
        if (signal.aborted) return
        if (!isRegistryError(error)) throw error
        if (error.code === 'lease_not_found') return this.#lose('it has ended', error)
        waitMs = this.#backoff.nextMs()
        const { code, message } = error
        this.#log.warn({ code, reason: message }, 'could not renew a lease, trying again')
      }
    }
  }

  #confirm(ttlMs: number, sentAtMs: number): void {
    this.#backoff.reset()
    this.#ttlMs = ttlMs
    this.#sentAtMs = sentAtMs
    this.#arm(sentAtMs)
  }

  /** The lease is lost unless something newer is confirmed while what was sent then still counts. */
  #arm(sentAtMs: number): void {
    this.#disarm()
    if (this.lost.aborted) return
    this.#lostAtMs = sentAtMs + this.#usableMs()
    const leftMs = this.#lostAtMs - this.#clock.monotonicMs()
    // The process may have stood still: an answer from before says nothing about now.
    if (leftMs <= 0) return this.#lose(UNCONFIRMED)
    this.#disarm = this.#clock.after(leftMs, () => {
      this.#lose(UNCONFIRMED)
    })
  }

  #lose(why: string, cause?: RegistryError): void {
    if (this.lost.aborted) return
    const { id } = this
    const message = `Lease ${id} is lost: ${why}. Stop what it protects.`
    const error = new RegistryError('lease_lost', message, {
      details: { id },
      ...(cause && { cause }),
    })
    this.#lost.abort(error)
    this.#options.onLost?.(error)
  }

  async #revoke(): Promise<void> {
    const farewell = new LinkedSignal()
    farewell.limit(this.#clock, FAREWELL_MAX_MS, new Error('The farewell took too long.'))
    try {
      await this.#options.client.leases.revoke(this.id, { signal: farewell.signal })
    } catch (error) {
      const isExpected = farewell.signal.aborted || isRegistryError(error)
      if (!isExpected) throw error
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.warn({ reason }, 'left a lease to end by its ttl')
    } finally {
      farewell.release()
    }
  }

  /** For how long after a renewal was sent it may be relied on. */
  #usableMs(): number {
    return this.#ttlMs - this.marginMs
  }

  /** A third of the ttl after the last one, and never more than half of what may be used of it. */
  #renewInMs(sentAtMs: number): number {
    const jitter = 1 - RENEW_JITTER * this.#random()
    const everyMs = Math.min(this.#ttlMs / 3, this.#usableMs() / 2) * jitter
    return sentAtMs + everyMs - this.#clock.monotonicMs()
  }
}
