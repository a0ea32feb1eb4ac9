/**
 * Our times as the protocols that count nanoseconds show them: bigints, since today's
 * nanoseconds do not fit a number.
 *
 * @module
 */

import { wallMsOf, type ServiceSnapshot, type ShownInstance } from '../instances/index.ts'

const NANOSECONDS_PER_MS = 1_000_000n

/** Epoch nanoseconds of whole epoch milliseconds. */
export function nanosecondsOf(ms: number): bigint {
  return BigInt(ms) * NANOSECONDS_PER_MS
}

/** When a service last changed: another for every change, each greater than the one before; 0 for none. */
export function lastChangeOf({
  changedAtMs,
  changedSeq,
}: Pick<ServiceSnapshot, 'changedAtMs' | 'changedSeq'>): bigint {
  return nanosecondsOf(changedAtMs) + BigInt(changedSeq)
}

/** The version of an instance's content: the time at which it was written. */
export function contentTimeOf({ record }: ShownInstance): bigint {
  return nanosecondsOf(wallMsOf(record.content.cver))
}

/** What is not in the instance itself. */
export interface Seen {
  /** When its service last changed. */
  readonly latest: bigint
  /** When it was last renewed, where this node knows. */
  readonly renewedAtMs: number | undefined
}

/** The five times of an instance, under the names that these protocols share. */
export function timesOf(shown: ShownInstance, { latest, renewedAtMs }: Seen) {
  const { registeredAtMs, upSinceMs } = shown.record.content
  return {
    reg_timestamp: nanosecondsOf(registeredAtMs),
    up_timestamp: nanosecondsOf(upSinceMs),
    renew_timestamp: renewedAtMs === undefined ? latest : nanosecondsOf(renewedAtMs),
    dirty_timestamp: contentTimeOf(shown),
    latest_timestamp: latest,
  }
}
