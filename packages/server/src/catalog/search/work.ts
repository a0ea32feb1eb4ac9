/**
 * How a search shares the event loop. What is short is done at once. The rest is done in slices,
 * and by one search at a time: a hundred that each take a slice would hold the loop for a hundred
 * slices, since all of them get their turn before anybody else does.
 *
 * @module
 */

import { limitExceeded } from '@rollcall/protocol/errors'
import type { Clock } from '@rollcall/runtime'
import { SLICE_MS, Slices } from '../engine/slices.ts'
import { SEARCH_LIMITS } from '../limits.ts'
import { unavailable } from '../refusals.ts'
import type { Ending } from '../resource-catalog.ts'

/** Lets one after the other in, as many in a turn of the event loop as fit into a slice. */
export class Gate {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #isOpen = true
  #enteredMs = 0
  /** Of this turn. */
  #usedMs = 0
  #isTurning = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Rejects with `unavailable` when too many wait. Who was let in has to `leave`. */
  async enter(): Promise<void> {
    if (this.#waiting.length >= SEARCH_LIMITS.waiting) {
      throw unavailable('Too many long searches wait on this node; try again in a moment.')
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
      this.#letIn()
    })
  }

  leave(): void {
    this.#usedMs += this.#clock.monotonicMs() - this.#enteredMs
    this.#isOpen = true
    this.#turn()
    this.#letIn()
  }

  #letIn(): void {
    if (!this.#isOpen || this.#usedMs >= SLICE_MS) return
    const next = this.#waiting.shift()
    if (!next) return
    this.#isOpen = false
    this.#enteredMs = this.#clock.monotonicMs()
    next()
  }

  /** After others had their turn there is a whole slice again. */
  #turn(): void {
    if (this.#isTurning) return
    this.#isTurning = true
    this.#clock.after(0, () => {
      this.#isTurning = false
      this.#usedMs = 0
      this.#letIn()
    })
  }
}

export interface WorkOptions {
  readonly clock: Clock
  readonly gate: Gate
  readonly ending: Ending
}

/** The work of one search, step by step. */
export interface SearchWork {
  /** After so many steps of a microsecond or less: undefined to go on, or what to wait for before. */
  step(steps?: number): Promise<void> | undefined
  /** Lets others go on. */
  end(): void
}

/** Short work at once, long work in slices and in its turn. */
export class Work implements SearchWork {
  readonly #options: WorkOptions
  readonly #startedMs: number
  /** Once it was let in. */
  #slices: Slices | undefined
  #steps = 0

  constructor(options: WorkOptions) {
    this.#options = options
    this.#startedMs = options.clock.monotonicMs()
  }

  step(steps = 1): Promise<void> | undefined {
    if (this.#slices) return this.#slices.isOver(steps) ? this.#pause(this.#slices) : undefined
    this.#steps += steps
    return this.#steps > SEARCH_LIMITS.stepsAtOnce ? this.#enter() : undefined
  }

  end(): void {
    if (this.#slices) this.#options.gate.leave()
    this.#slices = undefined
  }

  async #enter(): Promise<void> {
    const { clock, gate } = this.#options
    await gate.enter()
    this.#slices = new Slices(clock)
    this.#check()
  }

  async #pause(slices: Slices): Promise<void> {
    await slices.pause()
    this.#check()
  }

  #check(): void {
    const { clock, ending } = this.#options
    if (ending.aborted) throw unavailable('The search was ended before it was done.')
    const { tookMs } = SEARCH_LIMITS
    const elapsedMs = Math.round(clock.monotonicMs() - this.#startedMs)
    if (elapsedMs > tookMs) throw limitExceeded('search milliseconds', tookMs, elapsedMs)
  }
}
