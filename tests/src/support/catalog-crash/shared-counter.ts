/**
 * A number under one key that many clients count up, each by compare-and-set. An increment whose
 * answer was lost is asked for again with the same idempotency key once the node is back, so in
 * the end every increment is certain, and each number was given to one client only.
 *
 * @module
 */

import type { CatalogClient } from '../catalog-client.ts'
import type { Worker } from './worker.ts'

/** An increment as it was asked for. */
interface Increment {
  readonly to: number
  readonly ifRevision: number
  readonly idempotencyKey: string
}

export interface SharedCounterOptions {
  readonly name: string
  readonly clients: number
}

export class SharedCounter implements Worker {
  readonly #key: string
  readonly #clients: number
  readonly #given = new Set<number>()
  readonly #problems: string[] = []
  readonly #inDoubt: Increment[] = []
  #asked = 0

  constructor({ name, clients }: SharedCounterOptions) {
    this.#key = `counter/${name}`
    this.#clients = clients
  }

  get confirmed(): number {
    return this.#given.size
  }

  async run(client: CatalogClient): Promise<void> {
    await Promise.all(Array.from({ length: this.#clients }, () => this.#count(client)))
  }

  async verify(client: CatalogClient): Promise<readonly string[]> {
    for (const increment of this.#inDoubt.splice(0)) await this.#ask(client, increment)
    const problems = this.#problems.splice(0)
    const found = Number((await client.get(this.#key))?.value ?? 0)
    if (found !== this.#given.size) {
      problems.push(`${this.#key} is ${found} after ${this.#given.size} increments`)
      this.#given.clear()
      for (let number = 1; number <= found; number += 1) this.#given.add(number)
    }
    return problems
  }

  async #count(client: CatalogClient): Promise<void> {
    for (;;) {
      const found = await client.get(this.#key).catch(() => 'gone' as const)
      if (found === 'gone') return
      this.#asked += 1
      const increment = {
        to: Number(found?.value ?? 0) + 1,
        ifRevision: found?.modRevision ?? 0,
        idempotencyKey: `${this.#key}/${this.#asked}`,
      }
      if (!(await this.#ask(client, increment))) return
    }
  }

  /** Answers whether it is known what became of it. */
  async #ask(client: CatalogClient, increment: Increment): Promise<boolean> {
    const { to, ...options } = increment
    const outcome = await client.put(this.#key, String(to), options)
    // A repetition whose first answer is lost says at which revision it was done.
    const isDone =
      outcome.kind === 'done' ||
      (outcome.kind === 'doubt' && 'revision' in (outcome.problem?.details ?? {}))
    if (isDone) {
      if (this.#given.has(to)) this.#problems.push(`${this.#key} gave ${to} to two clients`)
      this.#given.add(to)
      return true
    }
    if (outcome.kind === 'doubt') {
      this.#inDoubt.push(increment)
      return false
    }
    const { problem } = outcome
    if (problem.code === 'revision_conflict') return true
    this.#problems.push(`${this.#key} was refused: ${JSON.stringify(problem)}`)
    return false
  }
}
