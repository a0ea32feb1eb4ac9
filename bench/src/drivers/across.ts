/**
 * Driver: writes so many changes a second at one node, and watches for them at another. The
 * same for our nodes and for etcd.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import type { Workload } from '../instances/workload.ts'
import { Arrivals } from './arrivals.ts'
import { input, report } from './conversation.ts'
import { EtcdEnds } from './etcd-ends.ts'
import { OurEnds } from './our-ends.ts'
import { paced } from './paced.ts'

export interface Across {
  readonly who: 'ours' | 'etcd'
  readonly writeUrl: string
  readonly watchUrl: string
  readonly workload: Workload
  readonly perSecond: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

/** The two ends between which a change travels. */
export interface Ends {
  /** Resolves once whatever is written from now on will be told; `found` gets the number of each change. */
  watch(found: (change: number) => void): Promise<void>
  /** Resolves once it was confirmed. */
  write(change: number): Promise<void>
}

const LAST_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 50
const never = new AbortController().signal

const across = input() as Across
const { who, perSecond, seconds, warmUpSeconds } = across
const count = (seconds + warmUpSeconds) * perSecond
const arrivals = new Arrivals(count, warmUpSeconds * perSecond)
const ends: Ends = who === 'ours' ? new OurEnds(across) : new EtcdEnds(across)
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
process.exit(0)
