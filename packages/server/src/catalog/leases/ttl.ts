/**
 * How long leases may last.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol/errors'
import { LEASE_LIMITS } from '../limits.ts'

/** A raftd lease's record outlives its keys by this, so that they never end before it without cause. */
export const KEYED_GRACE_MS = 2_000

/** Throws `invalid_argument`. */
export function checkTtl(ttlMs: number, maxMs: number = LEASE_LIMITS.ttlMs): void {
  if (Number.isFinite(ttlMs) && ttlMs > 0 && ttlMs <= maxMs) return
  const message = `The ttl of a lease must be above 0 and at most ${maxMs} ms.`
  throw invalidArgument(message, { field: 'ttlMs' })
}
