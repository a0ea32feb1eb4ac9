/**
 * What is refused of a source before its content takes the place of another.
 *
 * @module
 */

import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import type { Lease, Restorable } from '../engine.ts'
import { compareKeys } from '../key-order.ts'
import { checkKey } from './check-key.ts'
import { checkLeaseId, grantedTtlMs } from './lease-terms.ts'
import { COMMIT_LIMITS, LEASE_KEYS_LIMIT } from './limits.ts'

/** More than a source can have written after its snapshot was taken. */
const REVISION_LEAP = 1_000_000

/** An entry of a source. */
export type Restored = Parameters<RestoreCheck['entry']>[0]

/** Sees everything of one source, in its order. Throws `invalid_argument` or `limit_exceeded`. */
export class RestoreCheck {
  readonly leases: readonly Lease[]
  readonly #source: Restorable
  readonly #keys: Map<number, number>
  #last: string | undefined

  constructor(source: Restorable) {
    if (!Number.isSafeInteger(source.revision) || source.revision < 0) {
      throw invalidArgument('The revision of the source is not a whole number from 0.')
    }
    for (const { id } of source.leases) checkLeaseId(id)
    this.#source = source
    this.#keys = new Map(source.leases.map(({ id }) => [id, 0]))
    this.leases = source.leases.map(({ id, ttlMs }) => ({ id, ttlMs: grantedTtlMs(ttlMs) }))
    if (this.#keys.size < source.leases.length) {
      throw invalidArgument('The source lists a lease twice.')
    }
  }

  entry({ key, value, lease }: { key: string; value: Uint8Array; lease: number }): void {
    const bytes = checkKey(key) + value.byteLength
    if (bytes > COMMIT_LIMITS.bytes) {
      throw limitExceeded('commit bytes', COMMIT_LIMITS.bytes, bytes)
    }
    if (this.#last !== undefined && compareKeys(this.#last, key) >= 0) {
      throw invalidArgument('The keys of the source are not in order.', { key })
    }
    this.#last = key
    if (lease !== 0) this.#attach(key, lease)
  }

  /** The revision of the restored content: greater than any that was here, or in the source. */
  revisionAfter(current: number): number {
    const revision = Math.max(current, this.#source.revision) + REVISION_LEAP
    if (!Number.isSafeInteger(revision)) {
      throw invalidArgument('The revision of the source is too great to go on from.')
    }
    return revision
  }

  #attach(key: string, lease: number): void {
    const keys = this.#keys.get(lease)
    if (keys === undefined) {
      throw invalidArgument('A key of the source hangs on a lease that is not listed.', {
        key,
        lease,
      })
    }
    if (keys >= LEASE_KEYS_LIMIT)
      throw limitExceeded('keys on one lease', LEASE_KEYS_LIMIT, keys + 1)
    this.#keys.set(lease, keys + 1)
  }
}
