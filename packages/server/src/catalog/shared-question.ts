/**
 * One question that many ask at once, answered for all of them together. What etcd does for reads
 * of its members, and Raft calls a read index (Ongaro, section 6.4), for those of a node.
 *
 * @module
 */

/**
 * Asks at once where nobody asks. Whoever comes while an answer is on its way shares the next one
 * with all who came meanwhile: that on its way may be older than what he has to see. So there is
 * one question at a time, and each answer was asked for after all came who get it.
 */
export class SharedQuestion<Answer> {
  readonly #ask: () => Promise<Answer>
  #underWay: Promise<Answer> | undefined
  #next: Promise<Answer> | undefined

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask
  }

  /** Rejects with what asking rejects with; those who wait for their turn then need not ask again. */
  ask(): Promise<Answer> {
    if (this.#next) return this.#next
    if (!this.#underWay) return this.#start()
    this.#next = this.#underWay.then(
      () => this.#start(),
      (error: unknown) => {
        this.#next = undefined
        throw error
      },
    )
    return this.#next
  }

  #start(): Promise<Answer> {
    this.#next = undefined
    const asked = this.#ask().finally(() => {
      if (this.#underWay === asked) this.#underWay = undefined
    })
    this.#underWay = asked
    return asked
  }
}
