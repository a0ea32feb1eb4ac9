/**
 * Takes away generations that do not count: what was before a restore, and what one left that
 * did not come to its end. A thousand keys at a time, since one great delete stalls etcd.
 *
 * @module
 */

import { hasCode } from '@rollcall/protocol/errors'
import type { Logger } from '@rollcall/runtime'
import type { EtcdClient } from './etcd-client.ts'
import { decodeGeneration } from './generation.ts'
import type { Keyspace } from './keyspace.ts'
import { etcdLease } from './keyspace.ts'
import type { KeySpan } from './messages.ts'
import { METHODS } from './methods.ts'
import { endLease, RestoreLock, restoring, type RestoreLockOptions } from './restore-lock.ts'
import { contentGone, type Session } from './session.ts'

const SLICE = 1_000

export interface SweeperOptions {
  readonly client: EtcdClient
  readonly session: Session
  readonly lock: RestoreLockOptions
  readonly log: Logger
}

export class Sweeper {
  readonly #options: SweeperOptions
  #isPending = false

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  /** Whether something was seen that does not count, and is still to be taken away. */
  get isPending(): boolean {
    return this.#isPending
  }

  /** Looks, and takes away what is found unless somebody else is at it. */
  async sweep(signal: AbortSignal): Promise<void> {
    this.#isPending = (await this.#others()).length > 0
    if (!this.#isPending) return
    try {
      // Once it is ours nothing of an earlier restore can still be done: not even its last step.
      await using lock = await RestoreLock.take(this.#options.lock, 'sweep')
      await this.#clear(lock, signal)
    } catch (error) {
      if (!hasCode(error, 'unavailable')) throw error
    }
  }

  /** Greater than the one that counts, and than any that has left something in etcd. */
  async nextNumber(): Promise<number> {
    const { session } = this.#options
    const others = await this.#others()
    return 1 + Math.max(session.generation.number, ...others)
  }

  /** Everything that does not count. Rejects with a refusal when etcd fails. */
  async #clear(lock: RestoreLock, signal: AbortSignal): Promise<void> {
    const { session, log } = this.#options
    const others = await this.#others()
    this.#isPending = others.length > 0
    for (const number of others) {
      if (signal.aborted) return
      await this.#revokeLeases(session.keyspace, number)
      await this.#deleteContent(lock, session.keyspace.below(number, ''))
      log.info({ generation: number }, 'removed content that does not count')
    }
    this.#isPending = false
  }

  async #revokeLeases(keyspace: Keyspace, number: number): Promise<void> {
    const { client } = this.#options
    for (;;) {
      const records = { ...keyspace.leases(number), limit: SLICE, keys_only: true }
      const { kvs, more } = await client.read(METHODS.range, records)
      for (const { key } of kvs) {
        await endLease(client, etcdLease(number, keyspace.leaseOf(number, key)))
      }
      if (!more) return
    }
  }

  async #deleteContent(lock: RestoreLock, span: KeySpan): Promise<void> {
    const { client } = this.#options
    for (;;) {
      const some = { ...span, limit: SLICE, keys_only: true }
      const { kvs, more } = await client.read(METHODS.range, some)
      const [first, last] = [kvs[0], kvs.at(-1)]
      if (!first || !last) return
      const upTo = Buffer.concat([last.key, Buffer.from([0])])
      const { succeeded } = await client.read(METHODS.txn, {
        compare: [lock.isMine],
        success: [{ request_delete_range: { key: first.key, range_end: upTo } }],
      })
      if (!succeeded) throw restoring()
      if (!more) return
    }
  }

  /** Numbers of the generations that have left something and do not count; looked for in leaps. */
  async #others(): Promise<readonly number[]> {
    const { session } = this.#options
    await this.#learn()
    const { keyspace, generation } = session.place
    const numbers = new Set<number>()
    for (const kind of ['content', 'leases'] as const) {
      let span = keyspace.everyGeneration(kind)
      for (;;) {
        const { kvs } = await this.#options.client.read(METHODS.range, {
          ...span,
          limit: 1,
          keys_only: true,
        })
        const [found] = kvs
        if (!found) break
        const number = keyspace.generationOf(kind, found.key)
        numbers.add(number)
        const { range_end: end } =
          kind === 'content' ? keyspace.below(number, '') : keyspace.leases(number)
        if (!end) break
        span = { ...span, key: end }
      }
    }
    numbers.delete(generation.number)
    return [...numbers]
  }

  /** Which one counts by now: nobody may have told this node yet. */
  async #learn(): Promise<void> {
    const { client, session } = this.#options
    const { kvs } = await client.read(METHODS.range, { key: session.keyspace.generation })
    const [stored] = kvs
    if (!stored) throw contentGone()
    session.adopt(decodeGeneration(stored))
  }
}
