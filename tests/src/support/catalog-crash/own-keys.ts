/**
 * Keys that one client alone writes, all of them in one step. So there are only two things that
 * may be found after a crash: what was confirmed last, or what was under way.
 *
 * @module
 */

import type { TxnOperation } from '@rollcall/protocol'
import type { Random } from '@rollcall/runtime'
import { base64, textOf, type CatalogClient, type Outcome } from '../catalog-client.ts'
import type { Worker } from './worker.ts'

/** What the keys hold, in their order; undefined where a key is not there. */
type Content = readonly (string | undefined)[]

const DELETED_RATIO = 0.15
const KEPT_RATIO = 0.2
/** Large enough that an engine puts it on pages of its own. */
const LARGE_RATIO = 0.05
const LARGE_MAX = 20_000
const SMALL_MAX = 300

export interface OwnKeysOptions {
  readonly name: string
  /** One key is put and deleted by itself, several by transactions. */
  readonly keys: number
  readonly random: Random
}

export class OwnKeys implements Worker {
  confirmed = 0
  readonly #prefix: string
  readonly #keys: readonly string[]
  readonly #random: Random
  readonly #problems: string[] = []
  #certain: Content
  #underWay: Content | undefined
  /** Of the last put of each key; 0 where there is none. */
  #revisions: number[]
  #written = 0

  constructor({ name, keys, random }: OwnKeysOptions) {
    this.#prefix = `own/${name}/`
    this.#keys = Array.from({ length: keys }, (_, at) => `${this.#prefix}${at}`)
    this.#random = random
    this.#certain = this.#keys.map(() => undefined)
    this.#revisions = this.#keys.map(() => 0)
  }

  async run(client: CatalogClient): Promise<void> {
    for (;;) {
      const next = this.#next()
      this.#underWay = next
      const outcome = await this.#write(client, next)
      if (outcome.kind === 'doubt') return
      this.#underWay = undefined
      if (outcome.kind === 'refused') {
        this.#problems.push(`${this.#prefix} was refused: ${JSON.stringify(outcome.problem)}`)
        return
      }
      const { revision } = outcome
      this.#revisions = this.#revisions.map((before, at) =>
        next[at] === undefined ? 0 : next[at] === this.#certain[at] ? before : revision,
      )
      this.#certain = next
      this.confirmed += 1
    }
  }

  async verify(client: CatalogClient): Promise<readonly string[]> {
    const problems = this.#problems.splice(0)
    const entries = await client.list(this.#prefix)
    const byKey = new Map(entries.map((entry) => [entry.key, entry]))
    const found = this.#keys.map((key) => {
      const entry = byKey.get(key)
      return entry && textOf(entry.valueBase64)
    })
    const revisions = this.#keys.map((key) => byKey.get(key)?.modRevision ?? 0)
    const isCertain = same(found, this.#certain)
    const happened = this.#underWay !== undefined && same(found, this.#underWay)
    if (!isCertain && !happened) {
      problems.push(
        `${this.#prefix} holds ${shown(found)}, confirmed was ${shown(this.#certain)}, under way ${shown(this.#underWay)}`,
      )
    } else if (isCertain && revisions.join() !== this.#revisions.join()) {
      problems.push(
        `${this.#prefix} has the revisions ${revisions.join()}, not ${this.#revisions.join()}`,
      )
    } else if (!isCertain) problems.push(...this.#oneStep(found, revisions))
    if (entries.length > byKey.size || entries.some(({ key }) => !this.#keys.includes(key))) {
      problems.push(`${this.#prefix} holds keys that nobody put`)
    }
    this.#certain = found
    this.#revisions = revisions
    this.#underWay = undefined
    return problems
  }

  /** What was not confirmed but happened: in one revision, after all that was confirmed. */
  #oneStep(found: Content, revisions: readonly number[]): readonly string[] {
    const last = Math.max(...this.#revisions)
    const put = revisions.filter(
      (_, at) => found[at] !== undefined && found[at] !== this.#certain[at],
    )
    if (new Set(put).size <= 1 && put.every((revision) => revision > last)) return []
    return [`${this.#prefix} was put at the revisions ${put.join()} in one step, after ${last}`]
  }

  #next(): Content {
    const next = this.#certain.map((value) => {
      if (this.#random() < KEPT_RATIO) return value
      return value !== undefined && this.#random() < DELETED_RATIO ? undefined : this.#value()
    })
    // At least one changes, so that each step can be told from the one before.
    return same(next, this.#certain) ? [this.#value(), ...next.slice(1)] : next
  }

  #value(): string {
    this.#written += 1
    const max = this.#random() < LARGE_RATIO ? LARGE_MAX : SMALL_MAX
    const filling = String(this.#written).repeat(Math.ceil((this.#random() * max) / 4))
    return `${this.#prefix}${this.#written}:${filling}`
  }

  #write(client: CatalogClient, next: Content): Promise<Outcome<unknown>> {
    const [key = ''] = this.#keys
    const [revision = 0] = this.#revisions
    if (this.#keys.length === 1) {
      const [value] = next
      if (value === undefined) return client.delete(key, revision)
      return client.put(key, value, this.#random() < 0.5 ? { ifRevision: revision } : {})
    }
    const then = this.#keys.flatMap((key, at): TxnOperation[] => {
      const value = next[at]
      if (value === this.#certain[at]) return []
      return value === undefined
        ? [{ delete: { key } }]
        : [{ put: { key, valueBase64: base64(value) } }]
    })
    // Nobody else writes these keys, so this never fails; if it does, none of the puts is found.
    return client.txn({ compares: [{ key, modRevision: revision }], then })
  }
}

function same(left: Content, right: Content): boolean {
  return left.every((value, at) => value === right[at])
}

function shown(content: Content | undefined): string {
  return JSON.stringify(content?.map((value) => value?.slice(0, 40) ?? null))
}
