/**
 * Which leases are there, as a majority says, and under which leader.
 *
 * A renewal alone proves little: a leader that was cut off renews until it notices, and a new one
 * renews what its predecessor has already ended, before it has read that far. A read with a
 * majority that comes after it, and is of the same term, shows that neither was so.
 *
 * @module
 */

import { invariant, type Clock } from '@rollcall/runtime'
import { SharedQuestion } from '../../catalog/engine/shared-question.ts'
import type { EtcdClient } from './etcd-client.ts'
import { METHODS } from './methods.ts'

/** Keys of one request. */
const TOGETHER = 100
/** Sooner than most leases end. */
const LOOK_MS = 1_000

/** What a look found. */
export interface LeaseSeen {
  readonly isThere: boolean
  /** Of the leader under which it was read. */
  readonly term: string
}

export interface LeaseLookOptions {
  readonly client: EtcdClient
  readonly clock: Clock
}

type Look = (record: Buffer) => LeaseSeen

/** Looks for all who ask at once together. */
export class LeaseLook {
  readonly #client: EtcdClient
  readonly #question: SharedQuestion<Look>
  /** What the next look is for. */
  #records = new Map<string, Buffer>()

  constructor({ client, clock }: LeaseLookOptions) {
    this.#client = client
    this.#question = new SharedQuestion(() => this.#ask(), clock)
  }

  /** Looks for the record of a lease, after it was called. Rejects with a refusal. */
  async see(record: Buffer): Promise<LeaseSeen> {
    this.#records.set(record.toString(), record)
    const look = await this.#question.ask()
    return look(record)
  }

  async #ask(): Promise<Look> {
    const records = this.#records
    this.#records = new Map()
    const all = [...records.values()]
    const seen = new Map<string, LeaseSeen>()
    for (let from = 0; from < all.length; from += TOGETHER) {
      const some = all.slice(from, from + TOGETHER)
      const success = some.map((key) => ({ request_range: { key, count_only: true } }))
      const request = { compare: [], success }
      const { header, responses } = await this.#client.read(METHODS.txn, request, LOOK_MS)
      const term = header?.raft_term ?? ''
      for (const [at, key] of some.entries()) {
        const isThere = responses[at]?.response_range?.count === '1'
        seen.set(key.toString(), { isThere, term })
      }
    }
    return (record) => {
      const found = seen.get(record.toString())
      invariant(found !== undefined, 'a look is for all who share it')
      return found
    }
  }
}
