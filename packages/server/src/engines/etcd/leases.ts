/**
 * The leases of the port as leases of etcd. Each has a record, which hangs on it: compares can
 * look at it, a snapshot lists it, and it says what was granted.
 *
 * @module
 */

import { invariant, type Clock, type Random } from '@rollcall/runtime'
import {
  checkLeaseId,
  drawLeaseId,
  grantedTtlMs,
  leaseExists,
  leaseNotFound,
} from '../../catalog/engine/lease-terms.ts'
import type { Lease, Leases, LeaseState } from '../../catalog/engine.ts'
import type { Committer } from './committer.ts'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure, outcomeUnknown, unavailable } from './etcd-failure.ts'
import { toLogical, type Place } from './generation.ts'
import { KeepAliveStream, type Renewed } from './keep-alive-stream.ts'
import { etcdLease } from './keyspace.ts'
import { LeaseLook } from './lease-look.ts'
import type { LeaseRoom } from './lease-room.ts'
import { RESULT, TARGET } from './messages.ts'
import { METHODS } from './methods.ts'
import type { Session } from './session.ts'

/** A renewal that is stuck holds up those behind it. */
const STREAMS = 4
const TRIES = 3
const SECOND_MS = 1_000
const RECORD_BYTES = 200
const never = new AbortController().signal

export interface EtcdLeasesOptions {
  readonly client: EtcdClient
  readonly session: Session
  readonly committer: Committer
  readonly room: LeaseRoom
  readonly clock: Clock
  readonly random: Random
  /** Throws `unavailable` while it is known that nothing can be written. */
  readonly checkReached: () => void
}

export class EtcdLeases implements Leases {
  readonly #options: EtcdLeasesOptions
  readonly #streams: readonly KeepAliveStream[]
  readonly #look: LeaseLook

  constructor(options: EtcdLeasesOptions) {
    this.#options = options
    this.#look = new LeaseLook(options)
    this.#streams = Array.from({ length: STREAMS }, () => new KeepAliveStream(options))
  }

  async grant({ ttlMs, id }: { readonly ttlMs: number; readonly id?: number }): Promise<Lease> {
    const { random } = this.#options
    const seconds = grantedTtlMs(ttlMs) / SECOND_MS
    if (id !== undefined) checkLeaseId(id)
    this.#options.checkReached()
    const place = await this.#place()
    for (;;) {
      const wanted = id ?? drawLeaseId(random)
      const lease = await this.#grant(place, wanted, seconds)
      if (lease) return lease
      if (id !== undefined) throw leaseExists(id)
    }
  }

  async keepAlive(ids: readonly number[]): Promise<readonly (Lease | undefined)[]> {
    const place = await this.#place()
    const renewals = ids.map(async (id) => {
      const seconds = await this.#renewSurely(place, id)
      return seconds === 0 ? undefined : { id, ttlMs: seconds * SECOND_MS }
    })
    return await Promise.all(renewals)
  }

  async revoke(id: number): Promise<{ readonly revision: number }> {
    const { client, committer, room, checkReached } = this.#options
    checkReached()
    const { generation } = await this.#place()
    const ID = etcdLease(generation.number, id)
    room.forget(ID)
    let mayBeDone = false
    for (let tries = 1; ; tries += 1) {
      try {
        const { header } = await client.call(METHODS.revoke, { ID })
        return { revision: toLogical(generation, header?.revision ?? 0) }
      } catch (error) {
        if (!(error instanceof EtcdFailure)) throw error
        if (error.kind === 'lease_missing') {
          if (!mayBeDone) throw leaseNotFound(id)
          // It was there at a try whose answer was lost.
          return await committer.commit({ compares: [], then: [] }, 0)
        }
        mayBeDone ||= error.kind === 'no_answer'
        const mayRetry = error.kind === 'no_answer' || error.kind === 'busy'
        if (!mayRetry || tries === TRIES) throw mayBeDone ? outcomeUnknown() : error.refusal()
        await this.#pause()
      }
    }
  }

  async timeToLive(id: number): Promise<LeaseState | undefined> {
    const { generation } = await this.#place()
    const ID = etcdLease(generation.number, id)
    const { TTL, grantedTTL } = await this.#options.client.read(METHODS.timeToLive, {
      ID,
      keys: false,
    })
    if (Number(TTL) < 0) return undefined
    // etcd answers whole seconds, rounded down; one that is there is not over yet.
    const remainingMs = Math.max(1, Number(TTL) * SECOND_MS)
    return { id, ttlMs: Number(grantedTTL) * SECOND_MS, remainingMs }
  }

  /** Renews one by its id in etcd, as far as one member can tell. */
  renew(lease: string): Promise<Renewed> {
    return this.#streamOf(Number(BigInt(lease) % BigInt(STREAMS))).renew(lease)
  }

  close(): void {
    for (const stream of this.#streams) stream.close()
  }

  /** Answers its seconds, 0 when it has ended; see `LeaseLook` for why that is looked at. */
  async #renewSurely({ keyspace, generation }: Place, id: number): Promise<number> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { seconds, term } = await this.renew(etcdLease(generation.number, id))
      const seen = await this.#look.see(keyspace.lease(generation.number, id))
      if (!seen.isThere) return 0
      if (seconds > 0 && term === seen.term) return seconds
      await this.#pause()
    }
    throw unavailable('The leader of etcd changes; try again at once.', 'no_leader')
  }

  async #place(): Promise<Place> {
    const { committer, session } = this.#options
    committer.checkOpen()
    if (!session.isOpen) await session.ensure()
    return session.place
  }

  /** Answers undefined where the id is taken. */
  async #grant(place: Place, id: number, seconds: number): Promise<Lease | undefined> {
    const { room } = this.#options
    const ID = etcdLease(place.generation.number, id)
    const granted = await this.#grantSurely(place, id, seconds)
    if (granted === undefined) return undefined
    room.granted(ID)
    await this.#record(place, { id, seconds: granted, ID })
    return { id, ttlMs: granted * SECOND_MS }
  }

  async #grantSurely(place: Place, id: number, seconds: number): Promise<number | undefined> {
    const { client } = this.#options
    const ID = etcdLease(place.generation.number, id)
    for (let tries = 1; ; tries += 1) {
      try {
        return Number((await client.call(METHODS.grant, { ID, TTL: seconds })).TTL)
      } catch (error) {
        if (!(error instanceof EtcdFailure)) throw error
        if (error.kind === 'lease_exists') {
          // Ours if an earlier try was done without our hearing of it: then it has no record yet.
          const isOurs = tries > 1 && !(await this.#isRecorded(place, id))
          return isOurs ? seconds : undefined
        }
        if (error.kind !== 'no_answer' || tries === TRIES) throw error.refusal()
        await this.#pause()
      }
    }
  }

  async #record(
    { keyspace, generation }: Place,
    { id, seconds, ID }: { readonly id: number; readonly seconds: number; readonly ID: string },
  ): Promise<void> {
    const key = keyspace.lease(generation.number, id)
    const value = Buffer.from(String(seconds * SECOND_MS))
    await this.#options.committer.own({
      requests: [
        {
          request_txn: {
            compare: [{ key, result: RESULT.equal, target: TARGET.create, create_revision: 0 }],
            success: [{ request_put: { key, value, lease: ID } }],
          },
        },
      ],
      width: 2,
      bytes: RECORD_BYTES,
      serial: `!lease/${id}`,
    })
  }

  async #isRecorded({ keyspace, generation }: Place, id: number): Promise<boolean> {
    const key = keyspace.lease(generation.number, id)
    const { kvs } = await this.#options.client.read(METHODS.range, { key })
    return kvs.length > 0
  }

  #streamOf(id: number): KeepAliveStream {
    const stream = this.#streams[id % STREAMS]
    invariant(stream !== undefined, 'each id has a stream')
    return stream
  }

  #pause(): Promise<boolean> {
    return this.#options.clock.sleep(100, never)
  }
}
