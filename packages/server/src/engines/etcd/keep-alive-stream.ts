/**
 * One stream of renewals. etcd answers in order, and a member whose leader hangs says nothing at
 * all until long after the leases have ended; so a stream that is silent for a second is given up
 * and what it did not answer goes over another, to another member where there is one.
 *
 * @module
 */

import type { ClientDuplexStream } from '@grpc/grpc-js'
import type { Clock } from '@rollcall/runtime'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure, failureOf, shuttingDown, unavailable } from './etcd-failure.ts'
import type { LeaseId, LeaseRenewed } from './messages.ts'
import { METHODS } from './methods.ts'

const SILENT_FOR_MS = 1_000
const LOOK_EVERY_MS = 200
/** How long a renewal is tried. */
const GIVE_UP_AFTER_MS = 5_000

type Stream = ClientDuplexStream<LeaseId, LeaseRenewed>

/** What a member says. It may not know yet that another leads. */
export interface Renewed {
  /** That it has from when it was asked for; 0: it has ended. */
  readonly seconds: number
  /** Of the leader that the member knew. */
  readonly term: string
}

interface Renewal {
  readonly id: string
  readonly giveUpMs: number
  readonly resolve: (renewed: Renewed) => void
  readonly reject: (error: unknown) => void
}

export interface KeepAliveStreamOptions {
  readonly client: EtcdClient
  readonly clock: Clock
}

export class KeepAliveStream {
  readonly #options: KeepAliveStreamOptions
  /** By lease, in the order in which they were asked for. */
  readonly #pending = new Map<string, Renewal[]>()
  #open: { readonly stream: Stream; readonly url: string } | undefined
  #isOpening = false
  #heardMs = 0
  #stopLooking: (() => void) | undefined
  #isClosed = false

  constructor(options: KeepAliveStreamOptions) {
    this.#options = options
  }

  /** Rejects with `unavailable`. */
  renew(id: string): Promise<Renewed> {
    if (this.#isClosed) return Promise.reject(shuttingDown())
    const nowMs = this.#options.clock.monotonicMs()
    if (this.#pending.size === 0) this.#heardMs = nowMs
    return new Promise((resolve, reject) => {
      const renewal = { id, giveUpMs: nowMs + GIVE_UP_AFTER_MS, resolve, reject }
      const waiting = this.#pending.get(id)
      if (waiting) waiting.push(renewal)
      else this.#pending.set(id, [renewal])
      if (this.#open) this.#open.stream.write({ ID: id })
      else this.#reopen()
      this.#look()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#stopLooking?.()
    this.#drop()
    this.#rejectAll(shuttingDown())
  }

  #reopen(): void {
    if (this.#isOpening || this.#isClosed) return
    this.#isOpening = true
    this.#begin()
      .catch((error: unknown) => {
        if (!(error instanceof EtcdFailure)) throw error
        // What waits is tried again when it is looked at next.
        if (error.kind !== 'no_answer') this.#rejectAll(error.refusal())
      })
      .finally(() => {
        this.#isOpening = false
      })
  }

  async #begin(): Promise<void> {
    const { client, clock } = this.#options
    const open = await client.stream(METHODS.keepAlive)
    const { stream, url } = open
    if (this.#isClosed) {
      stream.cancel()
      return
    }
    this.#open = open
    this.#heardMs = clock.monotonicMs()
    stream.on('data', (answer: LeaseRenewed) => {
      if (this.#open === open) this.#heard(answer)
    })
    stream.on('error', (error) => {
      if (this.#open !== open) return
      const failure = failureOf(error as Parameters<typeof failureOf>[0])
      this.#open = undefined
      if (failure.kind === 'token_refused') client.forgetToken()
      else if (failure.kind !== 'no_answer') this.#rejectAll(failure.refusal())
      else client.leave(url)
    })
    for (const waiting of this.#pending.values()) {
      for (const { id } of waiting) stream.write({ ID: id })
    }
  }

  #heard({ ID, TTL, header }: LeaseRenewed): void {
    this.#heardMs = this.#options.clock.monotonicMs()
    const waiting = this.#pending.get(ID)
    waiting?.shift()?.resolve({ seconds: Math.max(0, Number(TTL)), term: header?.raft_term ?? '' })
    if (waiting?.length === 0) this.#pending.delete(ID)
  }

  /** Looks now and then, while anything waits. */
  #look(): void {
    this.#stopLooking ??= this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#stopLooking = undefined
      this.#giveUpLate()
      if (this.#pending.size === 0 || this.#isClosed) return
      this.#changeWhenSilent()
      this.#look()
    })
  }

  #changeWhenSilent(): void {
    const { client, clock } = this.#options
    const isSilent = clock.monotonicMs() - this.#heardMs >= SILENT_FOR_MS
    if (this.#open && !isSilent) return
    if (this.#open) client.leave(this.#open.url)
    this.#drop()
    this.#reopen()
  }

  #giveUpLate(): void {
    const nowMs = this.#options.clock.monotonicMs()
    let isLate = false
    for (const [id, waiting] of this.#pending) {
      const late = waiting.filter(({ giveUpMs }) => giveUpMs <= nowMs)
      if (late.length === 0) continue
      isLate = true
      const rest = waiting.filter(({ giveUpMs }) => giveUpMs > nowMs)
      if (rest.length > 0) this.#pending.set(id, rest)
      else this.#pending.delete(id)
      for (const { reject } of late) {
        reject(unavailable('etcd does not answer renewals; try again at once.', 'no_answer'))
      }
    }
    // An answer to one that was given up would be taken for that of the next.
    if (isLate) this.#drop()
  }

  #drop(): void {
    this.#open?.stream.cancel()
    this.#open = undefined
  }

  #rejectAll(error: unknown): void {
    const waiting = [...this.#pending.values()].flat()
    this.#pending.clear()
    for (const { reject } of waiting) reject(error)
  }
}
