/**
 * Doing something so many times a second, however long each takes: an open loop, so that a slow
 * server does not slow down those who ask it.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'

const LOOK_EVERY_MS = 1
const never = new AbortController().signal

export interface Pace {
  readonly count: number
  readonly perSecond: number
}

/** Calls `act` with 0, 1, … when each is due, and resolves once all are done. Rejects with the first failure. */
export async function paced(
  { count, perSecond }: Pace,
  act: (n: number) => Promise<void>,
): Promise<void> {
  const sinceMs = systemClock.monotonicMs()
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  for (let n = 0; n < count && failures.length === 0;) {
    const due = Math.floor(((systemClock.monotonicMs() - sinceMs) * perSecond) / 1_000) + 1
    for (; n < Math.min(due, count); n += 1) {
      const one = act(n).catch((error: unknown) => {
        failures.push(error)
      })
      underWay.add(one)
      void one.then(() => underWay.delete(one))
    }
    await systemClock.sleep(LOOK_EVERY_MS, never)
  }
  await Promise.all(underWay)
  if (failures.length > 0) throw failures[0]
}
