/**
 * Answers to requests that may be repeated, on their way into the records of these requests.
 * Those that are given in one turn go together: a commit of their own each would cost as much as
 * what they tell of.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { CatalogCore } from './catalog-core.ts'
import type { Compare, Operation } from './engine.ts'

/** Of one commit; half of what an engine takes. */
const TOGETHER = { answers: 48, bytes: 512 * 1_024 }

/** The record of a request, its answer in it. */
export type AnsweredRecord = Extract<Operation, { readonly kind: 'put' }>

interface Waiting {
  readonly record: AnsweredRecord
  readonly done: () => void
}

export class KeptAnswers {
  readonly #core: CatalogCore
  #waiting: Waiting[] = []
  readonly #underWay = new Set<Promise<void>>()

  constructor(core: CatalogCore) {
    this.#core = core
  }

  /**
   * Writes a record over the one that is there. Resolves when that is over, also when it failed:
   * the request is done all the same, only a repetition will not be told how it was answered.
   */
  keep(record: AnsweredRecord): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ record, done })
      if (this.#waiting.length === 1) queueMicrotask(() => this.#flush())
    })
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#waiting.length + this.#underWay.size > 0) {
      await Promise.resolve()
      await Promise.all(this.#underWay)
    }
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const together of cut(waiting)) {
      const keeping = this.#keepAll(together).finally(() => this.#underWay.delete(keeping))
      this.#underWay.add(keeping)
    }
  }

  async #keepAll(together: readonly Waiting[]): Promise<void> {
    const areKept = await this.#commit(together.map(({ record }) => record))
    for (const { record, done } of together) {
      // One whose record is gone, as after a restore, must not take the others with it.
      if (!areKept && together.length > 1) await this.#commit([record])
      done()
    }
  }

  async #commit(records: readonly AnsweredRecord[]): Promise<boolean> {
    const compares = records.map(({ key }): Compare => ({ kind: 'exists', key, exists: true }))
    try {
      const { succeeded } = await this.#core.commit({ compares, then: records })
      return succeeded
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      const { log } = this.#core.options
      log.warn({ code: error.code, reason: error.message }, 'an answer could not be kept')
      return false
    }
  }
}

function cut(waiting: readonly Waiting[]): Waiting[][] {
  const parts: Waiting[][] = []
  let part: Waiting[] = []
  let bytes = 0
  for (const one of waiting) {
    const isFull = part.length === TOGETHER.answers || bytes > TOGETHER.bytes
    if (isFull || part.length === 0) {
      part = []
      parts.push(part)
      bytes = 0
    }
    part.push(one)
    bytes += one.record.value.length
  }
  return parts
}
