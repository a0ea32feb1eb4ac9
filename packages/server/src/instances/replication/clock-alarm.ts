/**
 * Whether this node's wall clock is far from the others': then its stamps would order writes
 * wrongly, and what it forgets by age others would keep.
 *
 * @module
 */

import { CLOCK_ALARM_MS } from './constants.ts'
import type { PeerLink } from './peer-link.ts'

/** Why the clock may not be trusted; undefined while it agrees with most. */
export function clockAlarm(links: Iterable<PeerLink>): string | undefined {
  const offsets = [...links].flatMap(({ clockOffsetMs }) => clockOffsetMs ?? [])
  const medianMs = medianOf([0, ...offsets])
  if (Math.abs(medianMs) <= CLOCK_ALARM_MS) return undefined
  const minutes = Math.round(Math.abs(medianMs) / 60_000)
  const side = medianMs > 0 ? 'behind' : 'ahead of'
  return `its clock is about ${minutes} minutes ${side} that of its peers; set it right`
}

/** Between the two in the middle, where there are two. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const high = sorted[Math.floor(sorted.length / 2)] ?? 0
  const low = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0
  return (low + high) / 2
}
