/**
 * A client that changes keys of its own, in every family of keys at once or in one of them, and
 * puts down in the history what it did. Each of its writes puts a mark, so that after a crash it
 * can find out whether the last one happened, and at which revision.
 *
 * @module
 */

import type { TxnOperation } from '@rollcall/protocol'
import { sample, type Random } from '@rollcall/runtime'
import { base64, textOf, type CatalogClient, type Outcome } from '../catalog-client.ts'
import type { History, Step } from './history.ts'

/** The first letters of all keys. */
export const FAMILIES = ['a/', 'b/', 'c/'] as const

const KEYS_PER_FAMILY = 6
const TOUCHED_MAX = 5
const SINGLE_RATIO = 0.4
const DELETED_RATIO = 0.25
const CLEARED_RATIO = 0.05

export interface WriterOptions {
  readonly name: string
  readonly history: History
  readonly random: Random
}

export class Writer {
  /** How many of its writes are in the history. */
  written = 0
  readonly #options: WriterOptions
  readonly #mark: string
  readonly #keys: readonly string[]
  readonly #content = new Map<string, string>()
  #underWay: Step | undefined

  constructor(options: WriterOptions) {
    this.#options = options
    this.#mark = `${FAMILIES[0]}${options.name}/mark`
    this.#keys = FAMILIES.flatMap((family) =>
      Array.from({ length: KEYS_PER_FAMILY }, (_, at) => `${family}${options.name}/${at}`),
    )
  }

  /** Writes until `signal` aborts, or the node answers no more. */
  async run(client: CatalogClient, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isSingle = this.#options.random() < SINGLE_RATIO
      const [step, written] = isSingle ? this.#single(client) : this.#several(client)
      this.#underWay = step
      const outcome = await written
      if (outcome.kind === 'doubt') return
      if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.problem))
      this.#happened(outcome.revision, step)
    }
  }

  /** Finds out, on a node that came back, whether the last write happened. */
  async lookBack(client: CatalogClient): Promise<void> {
    const step = this.#underWay
    if (!step) return
    const [mark] = await client.list(this.#mark)
    if (mark && textOf(mark.valueBase64) === step.get(this.#mark)) {
      this.#happened(mark.modRevision, step)
    }
    this.#underWay = undefined
  }

  #happened(revision: number, step: Step): void {
    this.#options.history.add(revision, step)
    for (const [key, value] of step) {
      if (value === undefined) this.#content.delete(key)
      else this.#content.set(key, value)
    }
    this.#underWay = undefined
    this.written += 1
  }

  #single(client: CatalogClient): readonly [Step, Promise<Outcome<unknown>>] {
    const value = this.#nextMark()
    return [new Map([[this.#mark, value]]), client.put(this.#mark, value)]
  }

  #several(client: CatalogClient): readonly [Step, Promise<Outcome<unknown>>] {
    const { random } = this.#options
    const step = new Map<string, string | undefined>([[this.#mark, this.#nextMark()]])
    const then: TxnOperation[] = []
    for (const key of sample(this.#keys, Math.ceil(random() * TOUCHED_MAX), random)) {
      if (this.#content.has(key) && random() < DELETED_RATIO) {
        step.set(key, undefined)
        then.push({ delete: { key } })
      } else step.set(key, `${this.#options.name} wrote ${this.written}`)
    }
    if (random() < CLEARED_RATIO) then.push(...this.#clear(step))
    for (const [key, value] of step) {
      if (value !== undefined) then.push({ put: { key, valueBase64: base64(value) } })
    }
    return [step, client.txn({ then })]
  }

  /** Deletes all of a family, but for what the same step puts or deletes there. */
  #clear(step: Map<string, string | undefined>): readonly TxnOperation[] {
    const prefix = `${FAMILIES[2]}${this.#options.name}/`
    const isTouched = [...step.keys()].some((key) => key.startsWith(prefix))
    if (isTouched) return []
    for (const key of this.#content.keys()) if (key.startsWith(prefix)) step.set(key, undefined)
    return [{ deletePrefix: { prefix } }]
  }

  #nextMark(): string {
    return String(this.written)
  }
}
