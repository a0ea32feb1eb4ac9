/**
 * One question that many ask at once, answered for all of them together. What etcd does for reads
 * of its members, and Raft calls a read index (Ongaro, section 6.4), for those of a node.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { Gathering } from './gathering.ts'

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Asks at once where nobody asks. Whoever comes while an answer is on its way shares the next one with all who came meanwhile:
 * that on its way may be older than what he has to see. So there is one question at a time, and
 * each answer was asked for after all came who get it.
 */
export class SharedQuestion<Answer> {
  readonly #ask: () => Promise<Answer>
  readonly #clock: Pick<Clock, 'after' | 'monotonicMs'>
  #waiting: Waiting<Answer>[] = []
  readonly #gathering: Gathering
  #isAsking = false

  constructor(ask: () => Promise<Answer>, clock: Pick<Clock, 'after' | 'monotonicMs'>) {
    this.#ask = ask
    this.#clock = clock
    this.#gathering = new Gathering(clock, () => this.#waiting.length)
  }

  /** Rejects with what asking rejects with; those who wait for their turn then need not ask again. */
  ask(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#gathering.came()
      if (!this.#isAsking) void this.#answerAll()
    })
  }

  async #answerAll(): Promise<void> {
    this.#isAsking = true
    while (this.#waiting.length > 0) {
      // Those who shared the last one come back one after the other.
      if (this.#gathering.isOfMany) await this.#gathering.gather()
      const asking = this.#take()
      const startedMs = this.#clock.monotonicMs()
      try {
        const answer = await this.#ask()
        for (const { resolve } of asking) resolve(answer)
      } catch (error) {
        for (const { reject } of [...asking, ...this.#take()]) reject(error)
      }
      const tookMs = this.#clock.monotonicMs() - startedMs
      this.#gathering.ended(asking.length, tookMs)
    }
    this.#isAsking = false
  }

  #take(): readonly Waiting<Answer>[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }
}
