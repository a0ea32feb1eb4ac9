/**
 * A process of the simulation: whatever happens in it waits while it stands still, and never
 * happens once it is dead.
 *
 * @module
 */

import { sample, sleepOn, type Clock, type Random } from '@rollcall/runtime'
import type { EventQueue } from './event-queue.ts'

type Kind = 'timer' | 'arrival'

interface Waiting {
  readonly kind: Kind
  readonly act: () => void
}

export interface SimProcessOptions {
  readonly queue: EventQueue
  readonly random: Random
  /** Its machine's wall clock, epoch milliseconds. */
  readonly wallMs: () => number
  /** Called after everything that happened in it. */
  readonly onDone?: () => void
}

/** Runs what is given to it, one after the other, and has a clock of its own. */
export class SimProcess {
  readonly clock: Clock
  readonly #options: SimProcessOptions
  readonly #startedAtMs: number
  readonly #waiting: Waiting[] = []
  #isDead = false
  #isStalled = false

  constructor(options: SimProcessOptions) {
    this.#options = options
    this.#startedAtMs = options.queue.nowMs
    this.clock = this.#createClock()
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isStalled(): boolean {
    return this.#isStalled
  }

  /** Alive and not standing still. */
  get isRunning(): boolean {
    return !this.#isDead && !this.#isStalled
  }

  /** Something reaches it from outside: a message, a request. */
  arrive(act: () => void): void {
    this.#run({ kind: 'arrival', act })
  }

  kill(): void {
    this.#isDead = true
    this.#waiting.length = 0
  }

  /** Stands still until `resume`. */
  stall(): void {
    this.#isStalled = true
  }

  /**
   * Goes on, and does what has waited. Whether timers or arrivals come first is up to the
   * loop of the platform, and here to chance; among themselves they keep their order.
   */
  resume(): void {
    if (this.#isDead || !this.#isStalled) return
    this.#isStalled = false
    const waiting = this.#waiting.splice(0)
    const kinds = sample<Kind>(['timer', 'arrival'], 2, this.#options.random)
    for (const kind of kinds) {
      for (const one of waiting) if (one.kind === kind) this.#run(one)
    }
  }

  #run(one: Waiting): void {
    if (this.#isDead) return
    if (this.#isStalled) {
      this.#waiting.push(one)
      return
    }
    one.act()
    this.#options.onDone?.()
  }

  #createClock(): Clock {
    const { queue, wallMs } = this.#options
    const clock: Clock = {
      wallMs: () => Math.floor(wallMs()),
      monotonicMs: () => queue.nowMs - this.#startedAtMs,
      sleep: (ms, signal) => sleepOn(clock, ms, signal),
      after: (ms, act) => {
        let isCancelled = false
        const cancel = queue.after(ms, () => {
          this.#run({
            kind: 'timer',
            act: () => {
              if (!isCancelled) act()
            },
          })
        })
        return () => {
          isCancelled = true
          cancel()
        }
      },
    }
    return clock
  }
}
