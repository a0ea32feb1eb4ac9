/**
 * Driver: renews instances one by one, so many a second, each at one of some nodes.
 *
 * @module
 */

import { seededRandom, systemClock } from '@rollcall/runtime'
import { pathOf, type Workload } from '../instances/workload.ts'
import { quantile } from '../tools/quantile.ts'
import { Connections } from './connections.ts'
import { input, report } from './conversation.ts'
import { paced, type Pace } from './paced.ts'

export interface Renewing extends Pace {
  readonly urls: readonly string[]
  readonly workload: Workload
  readonly instances: number
}

export interface RenewedReport {
  readonly count: number
  readonly refused: number
  readonly perSecond: number
  readonly p99Ms: number
}

const SEED = 1

const { urls, workload, instances, count, perSecond } = input() as Renewing
const random = seededRandom(SEED)
const nodes = urls.map((url) => new Connections(url))
const tookMs = new Float64Array(count)
let refused = 0
const sinceMs = systemClock.monotonicMs()
await paced({ count, perSecond }, async (n) => {
  const node = nodes[Math.floor(random() * nodes.length)]
  const sentAtMs = systemClock.monotonicMs()
  const answer = await node?.request('POST', `${pathOf(workload, n % instances)}/heartbeat`)
  tookMs[n] = systemClock.monotonicMs() - sentAtMs
  if (answer?.status !== 204) refused += 1
})
const seconds = (systemClock.monotonicMs() - sinceMs) / 1_000
report('renewed', {
  count,
  refused,
  perSecond: count / seconds,
  p99Ms: quantile(tookMs.sort(), 0.99),
} satisfies RenewedReport)
process.exit(0)
