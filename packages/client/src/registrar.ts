/**
 * Keeps registrations alive: registers, renews in batches, cancels at the end.
 *
 * One loop does everything in passes, renewals first, so that no two requests about one entry are
 * ever under way. What an answer means is decided in `registration-table.ts`.
 *
 * @module
 */

import {
  RegistryError,
  type HeartbeatsAnswer,
  type Instance,
  type InstanceRef,
} from '@rollcall/protocol'
import {
  Backoff,
  silentLog,
  systemClock,
  systemRandom,
  type Actor,
  type Clock,
  type LogFields,
  type Logger,
  type Random,
} from '@rollcall/runtime'
import { Bell } from './bell.ts'
import type { RollcallClient } from './client.ts'
import { eachOf } from './each-of.ts'
import { LinkedSignal } from './linked-signal.ts'
import type { InstanceAt } from './paths.ts'
import { isRegistryError, worthAnotherServer, worthAnotherTime } from './problems.ts'
import { Settling } from './settling.ts'
import {
  RegistrationTable,
  refKey,
  type Entry,
  type Registration,
  type Renewable,
} from './registration-table.ts'
import { renewalBatches } from './renewal-batches.ts'

/** Requests under way at a time. A cancel may wait 200 ms for a peer, and few may be left to do so. */
const REGISTERS_AT_ONCE = 16
const CANCELS_AT_ONCE = 64

/** Renewals come up to a fifth early, at random, so that a fleet started at once spreads. */
const RENEW_JITTER = 0.2

const RETRY_FIRST_MS = 500
const RETRY_MAX_MS = 5_000
const FAREWELL_MAX_MS = 3_000
/** Nothing is due: look again now and then. Timers do not go much further than this. */
const IDLE_MS = 3_600_000

export interface RegistrarOptions {
  readonly client: RollcallClient
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Logger
  /** Epoch milliseconds that tell this process from its predecessor; default: now. */
  readonly session?: number
  /** After each register that a server confirmed, the first as well as later ones. */
  onRegistered?(registration: Registration, instance: Instance): void
  /** A newer process holds it (`superseded`), or its content or our right to it was refused. It was dropped. */
  onLost?(registration: Registration, error: RegistryError): void
}

/**
 * Keeps any number of registrations alive through one client. While no server answers it tries for
 * ever; what a server refuses for good it drops and reports by `onLost`. Works only while it runs.
 */
export class Registrar implements Actor {
  readonly #client: RollcallClient
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Logger
  readonly #options: RegistrarOptions
  readonly #table: RegistrationTable
  readonly #settling = new Settling<Entry>()
  readonly #bell = new Bell()
  readonly #backoff: Backoff
  #renewAtMs = Infinity
  /** No server answered: nothing is tried before. */
  #pausedUntilMs = 0

  constructor(options: RegistrarOptions) {
    const { client, clock = systemClock, random = systemRandom, log = silentLog } = options
    this.#client = client
    this.#clock = clock
    this.#random = random
    this.#log = log
    this.#options = options
    this.#table = new RegistrationTable(options.session ?? clock.wallMs())
    this.#backoff = new Backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, random })
  }

  /** Registers this soon, or its new content; without waiting for the next renewal. */
  put(registration: Registration): void {
    if (this.#table.put(registration)) this.#bell.ring()
  }

  /** Cancels this soon. */
  remove(at: InstanceAt): void {
    if (this.#table.remove(at)) this.#bell.ring()
  }

  /** Resolves when everything put or removed so far was confirmed or dropped; rejects if the run ends before. */
  settled(): Promise<void> {
    return this.#settling.of(this.#table.pending)
  }

  /** Works until `signal` aborts, then cancels what is registered and resolves, after 3 s at the latest. Once. */
  async run(signal: AbortSignal): Promise<void> {
    const farewell = new LinkedSignal()
    const onAbort = () => {
      farewell.limit(this.#clock, FAREWELL_MAX_MS, new Error('The farewell took too long.'))
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    try {
      // What is under way at the abort ends first, so that a register is cancelled too.
      await farewell.race(this.#work(signal).then(() => this.#cancelAll(farewell.signal)))
    } catch (error) {
      if (!farewell.signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
      farewell.release()
      this.#reportLeft()
      this.#settling.stop()
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#clock.monotonicMs() >= this.#pausedUntilMs) await this.#pass(signal)
      this.#settling.check((entry) => this.#table.isPending(entry))
      const idleMs = this.#idleMs()
      if (idleMs > 0) await this.#bell.wait(this.#clock, idleMs, signal)
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= this.#renewAtMs) await this.#renewAll(signal)
    // Whatever is left when the next renewal falls due waits for the next pass.
    const mayGoOn = () => {
      const thenMs = this.#clock.monotonicMs()
      return !signal.aborted && thenMs >= this.#pausedUntilMs && thenMs < this.#renewAtMs
    }
    await eachOf(this.#table.due('cancel', nowMs), CANCELS_AT_ONCE, async (entry) => {
      return mayGoOn() && (await this.#cancel(entry))
    })
    await eachOf(this.#table.due('register', nowMs), REGISTERS_AT_ONCE, async (entry) => {
      return mayGoOn() && (await this.#register(entry))
    })
  }

  #idleMs(): number {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < this.#pausedUntilMs) return this.#pausedUntilMs - nowMs
    const nextMs = Math.min(this.#renewAtMs, this.#table.nextDueMs() ?? Infinity)
    return Math.min(Math.max(nextMs - nowMs, 0), IDLE_MS)
  }

  async #renewAll(signal: AbortSignal): Promise<void> {
    const startedMs = this.#clock.monotonicMs()
    for (const batch of renewalBatches(this.#table.renewable())) {
      if (signal.aborted) return
      try {
        this.#renewed(batch, await this.#client.renewMany(batch.map(({ item }) => item)))
      } catch (error) {
        if (!isRegistryError(error)) throw error
        this.#retry(error)
        return
      }
    }
    this.#backoff.reset()
    this.#renewAtMs = Infinity
    this.#renewWithin(this.#table.smallestTtlMs(), startedMs)
  }

  #renewed(batch: readonly Renewable[], { missing, superseded }: HeartbeatsAnswer): void {
    if (missing.length + superseded.length === 0) return
    const entries = new Map(batch.map(({ entry, item }) => [refKey(item), entry]))
    for (const ref of missing) {
      const entry = entries.get(refKey(ref))
      if (entry) this.#table.missing(entry)
    }
    for (const ref of superseded) {
      const entry = entries.get(refKey(ref))
      if (entry) this.#lose(entry, supersededBy(ref))
    }
  }

  /** Plans the next renewal at a third of a ttl since then, or a little before; never later than planned. */
  #renewWithin(ttlMs: number | undefined, sinceMs: number): void {
    if (ttlMs === undefined) return
    const jitter = 1 - RENEW_JITTER * this.#random()
    this.#renewAtMs = Math.min(this.#renewAtMs, sinceMs + (ttlMs / 3) * jitter)
  }

  /** Registers one entry. Answers whether to go on with others. */
  async #register(entry: Entry): Promise<boolean> {
    if (entry.task !== 'register') return true
    const sent = entry.registration
    const startedMs = this.#clock.monotonicMs()
    const body = { ...sent.body, session: entry.session }
    this.#table.registering(entry)
    const outcome = await outcomeOf(this.#client.register(this.#table.at(entry), body))
    if ('error' in outcome) return this.#registerFailed(entry, sent, outcome.error)
    const { instance } = outcome.value
    this.#backoff.reset()
    this.#table.registered(entry, sent, instance)
    this.#renewWithin(instance.ttlMs, startedMs)
    this.#options.onRegistered?.(sent, instance)
    return true
  }

  #registerFailed(
    entry: Entry,
    sent: Registration,
    error: RegistryError,
  ): boolean | Promise<boolean> {
    if (worthAnotherTime(error)) return this.#retry(error, entry)
    if (error.code === 'superseded') {
      if (this.#table.raiseSession(entry, error)) return this.#register(entry)
    } else if (entry.registration !== sent) {
      // Other content was put meanwhile, which may be taken.
      return true
    }
    this.#lose(entry, error)
    return true
  }

  /** Cancels one entry. Answers whether to go on with others. */
  async #cancel(entry: Entry): Promise<boolean> {
    if (entry.task !== 'cancel') return true
    this.#table.cancelling(entry)
    const { session } = entry
    const outcome = await outcomeOf(this.#client.cancel(this.#table.at(entry), { session }))
    if ('error' in outcome) {
      const { error } = outcome
      if (worthAnotherTime(error)) return this.#retry(error, entry)
      const gone = error.code === 'instance_not_found' || error.code === 'superseded'
      if (!gone) this.#log.warn(factsOf(error), 'the registry refused a cancel')
    }
    this.#backoff.reset()
    this.#table.cancelled(entry)
    return true
  }

  /** Plans another try: of everything when no server answered, else of the one thing that failed. */
  #retry(error: RegistryError, entry?: Entry): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (worthAnotherServer(error)) {
      // Requests that failed together count as one failure.
      if (nowMs < this.#pausedUntilMs) return false
      this.#pausedUntilMs = nowMs + this.#backoff.nextMs()
      this.#log.warn(factsOf(error), 'no registry server takes requests, trying again')
      return false
    }
    if (entry) this.#table.postpone(entry, nowMs + RETRY_MAX_MS)
    else this.#renewAtMs = nowMs + RETRY_MAX_MS
    this.#log.warn(factsOf(error), 'the registry failed a request, trying again')
    return true
  }

  #lose(entry: Entry, error: RegistryError): void {
    const wanted = entry.task !== 'cancel'
    this.#table.drop(entry)
    if (wanted) this.#options.onLost?.(entry.registration, error)
  }

  async #cancelAll(signal: AbortSignal): Promise<void> {
    await eachOf(this.#table.removeAll(), CANCELS_AT_ONCE, async (entry) => {
      return !signal.aborted && (await this.#cancel(entry))
    })
  }

  #reportLeft(): void {
    const count = this.#table.pending.size
    if (count > 0) this.#log.warn({ count }, 'left registrations to lapse by their ttl')
  }
}

/** Waits for a call; an expected failure is an outcome, anything else is thrown. */
async function outcomeOf<T>(
  call: Promise<T>,
): Promise<{ readonly value: T } | { readonly error: RegistryError }> {
  try {
    return { value: await call }
  } catch (error) {
    if (!isRegistryError(error)) throw error
    return { error }
  }
}

function factsOf({ code, message }: RegistryError): LogFields {
  return { code, reason: message }
}

function supersededBy({ service, id }: InstanceRef): RegistryError {
  const message = `A newer process holds instance "${id}" of "${service}".`
  return new RegistryError('superseded', message, { details: { service, id } })
}
