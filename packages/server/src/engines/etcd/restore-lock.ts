/**
 * Who restores or sweeps, at one time in the whole cluster: a key on a lease, so that it is free
 * again soon after its holder died.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock, Random } from '@rollcall/runtime'
import { drawLeaseId } from '../../catalog/engine/lease-terms.ts'
import type { EtcdClient } from './etcd-client.ts'
import type { Keyspace } from './keyspace.ts'
import { RESULT, TARGET, type CompareRequest } from './messages.ts'
import { METHODS } from './methods.ts'

const TTL_S = 30
const RENEW_EVERY_MS = 5_000

export interface RestoreLockOptions {
  readonly client: EtcdClient
  readonly keyspace: Keyspace
  /** Of this life of the process: no other has it. */
  readonly incarnation: string
  readonly clock: Clock
  readonly random: Random
}

export class RestoreLock implements AsyncDisposable {
  /** Holds as long as nobody else can have it. */
  readonly isMine: CompareRequest
  readonly #options: RestoreLockOptions
  readonly #lease: number
  readonly #released = new AbortController()
  readonly #renewing: Promise<void>

  private constructor(options: RestoreLockOptions, held: { lease: number; owner: Buffer }) {
    this.#options = options
    this.#lease = held.lease
    const key = options.keyspace.restore
    this.isMine = { key, result: RESULT.equal, target: TARGET.value, value: held.owner }
    this.#renewing = this.#renew()
  }

  /** Rejects with `unavailable` while somebody has it. */
  static async take(options: RestoreLockOptions): Promise<RestoreLock> {
    const { client, keyspace, incarnation, random } = options
    const lease = drawLeaseId(random)
    await client.read(METHODS.grant, { ID: lease, TTL: TTL_S })
    const key = keyspace.restore
    const owner = Buffer.from(`${incarnation}:${lease}`)
    const isFree = { key, result: RESULT.equal, target: TARGET.create, create_revision: 0 } as const
    const { succeeded, responses } = await client.read(METHODS.txn, {
      compare: [isFree],
      success: [{ request_put: { key, value: owner, lease } }],
      failure: [{ request_range: { key } }],
    })
    // A first try may have been done though its answer was lost.
    const isOurs = succeeded || responses[0]?.response_range?.kvs[0]?.value.equals(owner) === true
    if (!isOurs) throw restoring()
    return new RestoreLock(options, { lease, owner })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#released.abort()
    await this.#renewing
    await this.#options.client.read(METHODS.revoke, { ID: this.#lease }).catch(() => {})
  }

  async #renew(): Promise<void> {
    const { client, clock } = this.#options
    while (await clock.sleep(RENEW_EVERY_MS, this.#released.signal)) {
      // It ends by itself where this fails for long, and then every write of the holder fails.
      const { stream } = await client.stream(METHODS.keepAlive)
      stream.on('error', () => {})
      stream.on('data', () => {
        stream.end()
      })
      stream.write({ ID: this.#lease })
      await clock.sleep(RENEW_EVERY_MS / 5, this.#released.signal)
      stream.cancel()
    }
  }
}

export function restoring(): RegistryError {
  const message = 'The catalog is being restored already; wait until that is done.'
  return new RegistryError('unavailable', message, { details: { reason: 'restoring' } })
}
