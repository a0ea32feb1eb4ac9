/**
 * Who restores or sweeps, at one time in the whole cluster: a key on a lease, so that it is free
 * again soon after its holder died, and at once when that comes back.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import { invariant, type Clock, type Random } from '@rollcall/runtime'
import { drawLeaseId } from '../../catalog/engine/lease-terms.ts'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure } from './etcd-failure.ts'
import type { Keyspace } from './keyspace.ts'
import { RESULT, TARGET, type CompareRequest, type Int64 } from './messages.ts'
import { METHODS } from './methods.ts'

const TTL_S = 30
const RENEW_EVERY_MS = 5_000
const ANSWERED_WITHIN_MS = 1_000
const LOOK_EVERY_MS = 200
/** Longer than it takes to remove the largest catalog. */
const SWEEP_WITHIN_MS = 60_000
const never = new AbortController().signal

type LockPurpose = 'restore' | 'sweep'

/** What lies in the key. No two that ever had it are the same. */
interface Owner {
  readonly purpose: LockPurpose
  readonly node: string
  readonly incarnation: string
  readonly lease: number
}

export interface RestoreLockOptions {
  readonly client: EtcdClient
  readonly keyspace: Keyspace
  readonly node: string
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

  /** Rejects with `unavailable` while somebody has it; a restore waits for a sweep to end. */
  static async take(options: RestoreLockOptions, purpose: LockPurpose): Promise<RestoreLock> {
    const { client, node, incarnation, clock } = options
    const giveUpMs = clock.monotonicMs() + SWEEP_WITHIN_MS
    for (;;) {
      const taken = await RestoreLock.#try(options, purpose)
      if (taken instanceof RestoreLock) return taken
      if (clock.monotonicMs() > giveUpMs) throw restoring()
      if (taken.node === node && taken.incarnation !== incarnation) {
        // Of an earlier life of this node, which does nothing with it any more.
        await endLease(client, taken.lease)
        continue
      }
      if (purpose !== 'restore' || taken.purpose !== 'sweep') throw restoring()
      await clock.sleep(LOOK_EVERY_MS, never)
    }
  }

  /** Answers its owner where it is not free. */
  static async #try(
    options: RestoreLockOptions,
    purpose: LockPurpose,
  ): Promise<RestoreLock | Owner> {
    const { client, keyspace, node, incarnation, random } = options
    const lease = drawLeaseId(random)
    await grantOnce(client, lease)
    const key = keyspace.restore
    const own: Owner = { purpose, node, incarnation, lease }
    const owner = Buffer.from(JSON.stringify(own))
    const isFree = { key, result: RESULT.equal, target: TARGET.create, create_revision: 0 } as const
    const { succeeded, responses } = await client.read(METHODS.txn, {
      compare: [isFree],
      success: [{ request_put: { key, value: owner, lease } }],
      failure: [{ request_range: { key } }],
    })
    // A first try may have been done though its answer was lost.
    const held = responses[0]?.response_range?.kvs[0]?.value
    if (succeeded || held?.equals(owner) === true) return new RestoreLock(options, { lease, owner })
    await endLease(client, lease)
    invariant(held !== undefined, 'what is not free is somebody’s')
    return ownerOf(held)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#released.abort()
    await this.#renewing
    await endLease(this.#options.client, this.#lease).catch(() => {})
  }

  async #renew(): Promise<void> {
    const { clock } = this.#options
    while (await clock.sleep(RENEW_EVERY_MS, this.#released.signal)) {
      await this.#renewOnce()
    }
  }

  /** Where this fails for long the lock ends, and with it every write of its holder. */
  async #renewOnce(): Promise<void> {
    const { client, clock } = this.#options
    try {
      const { stream } = await client.stream(METHODS.keepAlive)
      stream.on('error', () => {})
      stream.write({ ID: this.#lease })
      stream.resume()
      await clock.sleep(ANSWERED_WITHIN_MS, this.#released.signal)
      stream.cancel()
    } catch (error) {
      if (!(error instanceof EtcdFailure)) throw error
    }
  }
}

/** Throws `unavailable` for what this version does not understand. */
function ownerOf(held: Buffer): Owner {
  try {
    return JSON.parse(held.toString()) as Owner
  } catch {
    throw restoring()
  }
}

/** Ends a lease that is nobody else's; it may have ended already. Rejects with a refusal. */
export async function endLease(client: EtcdClient, ID: Int64): Promise<void> {
  try {
    await client.read(METHODS.revoke, { ID })
  } catch (error) {
    if (!(error instanceof EtcdFailure) || error.kind !== 'lease_missing') throw error
  }
}

/** The id was just drawn: one that exists is of a first try whose answer was lost. */
async function grantOnce(client: EtcdClient, ID: number): Promise<void> {
  try {
    await client.read(METHODS.grant, { ID, TTL: TTL_S })
  } catch (error) {
    if (!(error instanceof EtcdFailure) || error.kind !== 'lease_exists') throw error
  }
}

export function restoring(): RegistryError {
  const message = 'The catalog is being restored already; wait until that is done.'
  return new RegistryError('unavailable', message, { details: { reason: 'restoring' } })
}
