/**
 * How many keys may still be hung on a lease. etcd has no such limit, and counting costs a list
 * of all keys; so it is done once, and then only after so many puts as there was room for.
 *
 * @module
 */

import { limitExceeded } from '@rollcall/protocol/errors'
import { LEASE_KEYS_LIMIT } from '../../catalog/engine/limits.ts'
import type { Commit } from '../../catalog/engine.ts'
import type { EtcdClient } from './etcd-client.ts'
import type { Place } from './generation.ts'
import { etcdLease } from './keyspace.ts'
import { METHODS } from './methods.ts'

/** Of so many leases it is remembered; the rest are counted anew. */
const REMEMBERED = 100_000

export class LeaseRoom {
  readonly #client: EtcdClient
  /** At least so many keys more, by the lease as etcd knows it. */
  readonly #room = new Map<string, number>()

  constructor(client: EtcdClient) {
    this.#client = client
  }

  /** A new one has none. */
  granted(lease: string): void {
    this.#remember(lease, LEASE_KEYS_LIMIT)
  }

  forget(lease: string): void {
    this.#room.delete(lease)
  }

  /** Whether a commit can be sent without `take`. */
  isFree({ then, otherwise = [] }: Commit): boolean {
    return ![...then, ...otherwise].some((operation) => leaseOf(operation) !== undefined)
  }

  /** Rejects with `limit_exceeded` when a commit would hang too many keys on a lease. */
  async take(place: Place, { then, otherwise = [] }: Commit): Promise<void> {
    const keysOf = new Map<number, Set<string>>()
    for (const operation of [...then, ...otherwise]) {
      const lease = leaseOf(operation)
      if (lease === undefined || operation.kind !== 'put') continue
      const keys = keysOf.get(lease) ?? new Set()
      keysOf.set(lease, keys.add(operation.key))
    }
    for (const [id, keys] of keysOf) await this.#takeOf(place, id, keys)
  }

  async #takeOf(place: Place, id: number, keys: ReadonlySet<string>): Promise<void> {
    const lease = etcdLease(place.generation.number, id)
    const room = this.#room.get(lease)
    if (room !== undefined && room >= keys.size) {
      this.#remember(lease, room - keys.size)
      return
    }
    const state = await this.#client.read(METHODS.timeToLive, { ID: lease, keys: true })
    // One that is gone has no room, but that is for etcd to say.
    if (Number(state.TTL) < 0) return
    const held = this.#heldBy(place, state.keys)
    const added = [...keys].filter((key) => !held.has(key)).length
    if (held.size + added > LEASE_KEYS_LIMIT) {
      throw limitExceeded('keys on one lease', LEASE_KEYS_LIMIT, held.size + added)
    }
    this.#remember(lease, LEASE_KEYS_LIMIT - held.size - added)
  }

  /** Its own record hangs on it too. */
  #heldBy({ keyspace, generation }: Place, stored: readonly Buffer[]): ReadonlySet<string> {
    return new Set(stored.flatMap((key) => keyspace.keyOf(generation.number, key) ?? []))
  }

  #remember(lease: string, room: number): void {
    this.#room.delete(lease)
    this.#room.set(lease, room)
    if (this.#room.size <= REMEMBERED) return
    const [oldest] = this.#room.keys()
    if (oldest !== undefined) this.#room.delete(oldest)
  }
}

function leaseOf(operation: Commit['then'][number]): number | undefined {
  return operation.kind === 'put' ? operation.lease : undefined
}
