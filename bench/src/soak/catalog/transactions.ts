/**
 * Groups of keys that are only ever written together: nobody may see a half of it, not even
 * after a death in the middle.
 *
 * @module
 */

import { API_BASE, type TxnAnswer, type TxnBody } from '@rollcall/protocol'
import { Client, type Outcome } from './client.ts'
import { acknowledge, below, PREFIX, unexpected, type Part, type Soaked } from './part.ts'
import { Register } from './register.ts'

const GROUPS = 8
const KEYS = 6
const READERS = 2
const SHARE_DELETES = 0.1
const BYTES = 2_000

interface Group {
  readonly prefix: string
  readonly keys: readonly string[]
  readonly register: Register
}

export class Transactions implements Part {
  readonly #soaked: Soaked
  readonly #groups: readonly Group[]
  #written = 0

  constructor(soaked: Soaked) {
    this.#soaked = soaked
    this.#groups = Array.from({ length: GROUPS }, (_, at) => {
      const prefix = `${PREFIX}group/${at}/`
      const keys = Array.from({ length: KEYS }, (_, n) => `${prefix}${n}`)
      return { prefix, keys, register: new Register() }
    })
  }

  async load(signal: AbortSignal): Promise<void> {
    const writing = this.#groups.map((group) => this.#write(group, signal))
    await Promise.all([...writing, ...Array.from({ length: READERS }, () => this.#readAll(signal))])
  }

  async check(): Promise<void> {
    const client = new Client(this.#soaked.url)
    for (const group of this.#groups) {
      const found = await this.#read(client, group)
      if (!found) {
        this.#soaked.tally.surprise(`${group.prefix} could not be read`)
        continue
      }
      if (!group.register.allows(found.stamp)) {
        const was = group.register.confirmed ?? 'absent'
        const is = found.stamp ?? 'absent'
        this.#soaked.tally.surprise(`${group.prefix} is ${is}; acknowledged was ${was}`)
      }
      group.register.settle(found.stamp)
    }
    client.close()
  }

  async #write({ prefix, keys, register }: Group, signal: AbortSignal): Promise<void> {
    const { random, url } = this.#soaked
    const client = new Client(url)
    while (!signal.aborted && !register.isInDoubt) {
      const isDelete = random() < SHARE_DELETES
      this.#written += 1
      const stamp = isDelete ? undefined : String(this.#written)
      const value = Buffer.from(`${stamp}.${'x'.repeat(below(BYTES, random))}`)
      const valueBase64 = value.toString('base64')
      const outcome = await this.#commit(client, {
        then: isDelete
          ? [{ deletePrefix: { prefix } }]
          : keys.map((key) => ({ put: { key, valueBase64 } })),
      })
      if (outcome.kind === 'unknown') register.doubt(stamp)
      else if (outcome.kind === 'answered' && outcome.status === 200) {
        const isChange = !isDelete || register.confirmed !== undefined
        register.confirm(stamp)
        // A delete of nothing has no revision of its own.
        if (isChange) acknowledge(this.#soaked, 'transactions', outcome.head)
      } else if (outcome.kind === 'answered') unexpected(this.#soaked, `txn ${prefix}`, outcome)
    }
    client.close()
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const { random, url } = this.#soaked
    const client = new Client(url)
    while (!signal.aborted) {
      const group = this.#groups[below(GROUPS, random)]
      if (group) await this.#read(client, group)
    }
    client.close()
  }

  /** The stamp that all keys of a group share; undefined when there was no answer. */
  async #read(
    client: Client,
    { prefix, keys }: Group,
  ): Promise<{ readonly stamp: string | undefined } | undefined> {
    const outcome = await this.#commit(client, { then: keys.map((key) => ({ get: { key } })) })
    if (outcome.kind !== 'answered') return undefined
    if (outcome.status !== 200) {
      unexpected(this.#soaked, `reading ${prefix}`, outcome)
      return undefined
    }
    const { results } = JSON.parse(outcome.text) as TxnAnswer
    const stamps = results.map((result) => ('get' in result ? stampOf(result.get) : 'no get'))
    this.#soaked.tally.count('groups looked at')
    if (new Set(stamps).size !== 1) {
      this.#soaked.tally.surprise(`${prefix} is a half of something: ${stamps.join(' | ')}`)
    }
    const [first] = results
    const entry = first && 'get' in first ? first.get : null
    if (!entry) return { stamp: undefined }
    const text = Buffer.from(entry.valueBase64, 'base64').toString()
    return { stamp: text.slice(0, text.indexOf('.')) }
  }

  #commit(client: Client, body: TxnBody): Promise<Outcome> {
    const headers = 'Content-Type: application/json\r\n'
    const path = `${API_BASE}/txn`
    return client.ask({ method: 'POST', path, headers, body: JSON.stringify(body) })
  }
}

/** What two halves of a transaction would differ in. */
function stampOf(entry: { valueBase64: string; modRevision: number } | null): string {
  if (!entry) return 'absent'
  const text = Buffer.from(entry.valueBase64, 'base64').toString()
  return `${text.slice(0, text.indexOf('.'))}/${text.length} at ${entry.modRevision}`
}
