/**
 * Whether leases lived as long as their holders were told: none ends before its ttl after the
 * sending of a renewal that was confirmed, and its keys end together.
 *
 * One exception is stated: a leader of etcd that stood still for longer than the ttl may end
 * leases early when it wakes up.
 *
 * @module
 */

import type { Fault } from '../faults/fault.ts'
import type { Lease } from '../model/lease.ts'
import type { Change } from '../model/told.ts'

/** How long after it woke up a leader may still do what it had in mind. */
const WAKES_WITHIN_MS = 5_000

export interface LeaseVerdict {
  readonly problems: readonly string[]
  /** How many ended early by the stated exception. */
  readonly excused: number
}

/** `changes` are those that watchers of all keys were told. */
export function judgeLeases(
  leases: readonly Lease[],
  changes: readonly Change[],
  faults: readonly Fault[],
): LeaseVerdict {
  const ends = endsIn(changes)
  const problems: string[] = []
  let excused = 0
  for (const lease of leases) {
    const seen = lease.keys.flatMap((key) => ends.get(key) ?? [])
    problems.push(...judgeWhole(lease, changes))
    const endMs = Math.min(lease.missedMs, ...seen)
    const earlyMs = Math.max(...lease.confirmedMs) + lease.ttlMs - endMs
    if (endMs >= lease.revokedMs || earlyMs <= 0) continue
    if (isExcused(lease, endMs, faults)) {
      excused += 1
      continue
    }
    const early = `ended ${Math.ceil(earlyMs)} ms early`
    problems.push(`the lease of ${lease.keys[0]} ${early}${faultsBefore(endMs, faults)}`)
  }
  return { problems, excused }
}

/** When each key was first seen to be gone. */
function endsIn(changes: readonly Change[]): ReadonlyMap<string, number> {
  const ends = new Map<string, number>()
  for (const { step, atMs } of changes) {
    for (const [key, value] of step) {
      if (value === null) ends.set(key, Math.min(atMs, ends.get(key) ?? Infinity))
    }
  }
  return ends
}

function judgeWhole({ keys }: Lease, changes: readonly Change[]): readonly string[] {
  return changes.flatMap(({ revision, step }) => {
    const gone = keys.filter((key) => step.get(key) === null)
    if (gone.length === 0 || gone.length === keys.length) return []
    return [`of ${keys.join()} only ${gone.join()} ended at ${revision}`]
  })
}

function isExcused({ ttlMs }: Lease, endMs: number, faults: readonly Fault[]): boolean {
  return faults.some(({ stopped, leader, fromMs, untilMs }) => {
    const stoodStill = leader === undefined ? stopped.length > 0 : stopped.includes(leader)
    const isLong = untilMs - fromMs > ttlMs
    return stoodStill && isLong && endMs >= fromMs && endMs <= untilMs + WAKES_WITHIN_MS
  })
}

/** What may have to do with an end, by how long before it. */
function faultsBefore(endMs: number, faults: readonly Fault[]): string {
  const near = faults.filter(
    ({ fromMs, untilMs }) => fromMs <= endMs && untilMs + WAKES_WITHIN_MS >= endMs,
  )
  return near
    .map((fault) => {
      const [from, until] = [endMs - fault.fromMs, endMs - fault.untilMs].map(Math.round)
      const hit = fault.stopped.length > 0 ? ` of ${fault.stopped.join()}` : ''
      return `; ${fault.kind}${hit} from ${from} to ${until} ms before, led by ${fault.leader}, then ${fault.nextLeader}`
    })
    .join('')
}
