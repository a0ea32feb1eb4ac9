/**
 * Everything that waits on purpose (long polls, watches), to be counted and to be ended when
 * the node stops.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol'

export class Waiters {
  readonly #max: number
  readonly #enders = new Set<() => void>()
  #draining = false

  /** Takes at most `max` at a time. */
  constructor(max: number) {
    this.#max = max
  }

  get count(): number {
    return this.#enders.size
  }

  /**
   * Counts one in until the returned function is called; `end` is called when the node stops.
   * Throws `too_many_watchers` or `shutting_down`.
   */
  enter(end: () => void): () => void {
    if (this.#draining) throw shuttingDown()
    if (this.#enders.size >= this.#max) {
      const message = `This node serves ${this.#max} watchers and long polls already; ask another node, or later.`
      throw new RegistryError('too_many_watchers', message, { details: { limit: this.#max } })
    }
    this.#enders.add(end)
    return () => {
      this.#enders.delete(end)
    }
  }

  /** Ends all, and lets nobody in any more. */
  drain(): void {
    this.#draining = true
    for (const end of this.#enders) end()
  }
}

export function shuttingDown(): RegistryError {
  return new RegistryError('shutting_down', 'This node is stopping; ask another.')
}
