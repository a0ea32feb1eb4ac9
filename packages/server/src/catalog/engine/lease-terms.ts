/**
 * What a lease may be: its id, its ttl, and the errors that speak of leases.
 *
 * @module
 */

import { invalidArgument, RegistryError } from '@rollcall/protocol/errors'
import type { Random } from '@rollcall/runtime'

/** etcd grants no less: whole seconds, and one and a half of its election timeouts. */
const TTL_MIN_MS = 2_000
const SECOND_MS = 1_000
/** Ten days: more than any face grants, with room for what the plane adds. */
const TTL_MAX_MS = 864_000_000
const HALF_BITS = 26
const HIGH_BITS = 27

/** What is granted where `ttlMs` is asked for: whole seconds, rounded up, 2 at least. Throws `invalid_argument`. */
export function grantedTtlMs(ttlMs: number): number {
  if (!(ttlMs > 0 && ttlMs <= TTL_MAX_MS)) {
    const message = `A lease's ttl must be above 0 and at most ${TTL_MAX_MS} ms.`
    throw invalidArgument(message, { field: 'ttlMs' })
  }
  return Math.max(TTL_MIN_MS, Math.ceil(ttlMs / SECOND_MS) * SECOND_MS)
}

/** Throws `invalid_argument` for what no lease's id can be. */
export function checkLeaseId(id: number): void {
  if (Number.isSafeInteger(id) && id >= 1) return
  throw invalidArgument('A lease id is a whole number from 1 to 2^53 - 1.', { field: 'lease' })
}

/** From 1 to 2^53 - 1. Whether it is taken, the engine has to see. */
export function drawLeaseId(random: Random): number {
  const high = Math.floor(random() * 2 ** HIGH_BITS)
  const low = Math.floor(random() * 2 ** HALF_BITS)
  return Math.max(1, high * 2 ** HALF_BITS + low)
}

export function leaseNotFound(id: number): RegistryError {
  const message = `There is no lease ${id}, or it has ended; grant a new one.`
  return new RegistryError('lease_not_found', message, { details: { lease: id } })
}

export function leaseExists(id: number): RegistryError {
  const message = `There is a lease ${id} already; choose another id, or none.`
  return new RegistryError('already_exists', message, { details: { lease: id } })
}
