/**
 * What the drivers of changes that travel have in common: write so many a second at one end,
 * and note when each arrives at the other.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { Arrivals } from './arrivals.ts'
import { report } from './conversation.ts'
import { paced } from './paced.ts'

/** The two ends between which a change travels. */
export interface Ends {
  /** Resolves once whatever is written from now on will be told; `found` gets the number of each change. */
  watch(found: (change: number) => void): Promise<void>
  /** Resolves once it was confirmed. */
  write(change: number): Promise<void>
}

export interface Journey {
  readonly perSecond: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

const LAST_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 50
const never = new AbortController().signal

/** Runs the whole, and reports the `arrivals`. */
export async function travel(journey: Journey, ends: Ends): Promise<void> {
  const { perSecond, seconds, warmUpSeconds } = journey
  const count = (seconds + warmUpSeconds) * perSecond
  const arrivals = new Arrivals(count, warmUpSeconds * perSecond)
  await ends.watch((change) => {
    arrivals.arrived(change, systemClock.monotonicMs())
  })
  await paced({ count, perSecond }, async (change) => {
    arrivals.sent(change, systemClock.monotonicMs())
    await ends.write(change)
    arrivals.answered(change, systemClock.monotonicMs())
  })
  const deadlineMs = systemClock.monotonicMs() + LAST_WITHIN_MS
  while (!arrivals.isComplete && systemClock.monotonicMs() < deadlineMs) {
    await systemClock.sleep(LOOK_EVERY_MS, never)
  }
  report('arrivals', arrivals.report())
}
