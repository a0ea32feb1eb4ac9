/**
 * Driver: writers as a program on Node has them, each of which waits until its put is confirmed
 * before it makes the next. The same for our node and for etcd.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { keyOf } from '../catalog/workload.ts'
import { quantile } from '../tools/quantile.ts'
import { input, report } from './conversation.ts'
import { etcdPuts } from './etcd-puts.ts'
import { ourPuts } from './our-puts.ts'

export interface Writing {
  readonly who: 'ours' | 'etcd'
  readonly url: string
  readonly writers: number
  /** So many, over and over. */
  readonly keys: number
  readonly valueBytes: number
  readonly warmUpSeconds: number
  readonly seconds: number
}

export interface WriterReport {
  readonly count: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Resolves once the put was confirmed. */
export type Put = (key: string, value: Buffer) => Promise<void>

const { who, url, writers, keys, valueBytes, warmUpSeconds, seconds } = input() as Writing
const value = Buffer.alloc(valueBytes, 'x')
const put = who === 'ours' ? ourPuts(url) : etcdPuts(url)
let next = 0

await writeFor(warmUpSeconds)
report('warm', {})
report('written', await writeFor(seconds))
process.exit(0)

async function writeFor(duration: number): Promise<WriterReport> {
  const sinceMs = systemClock.monotonicMs()
  const untilMs = sinceMs + duration * 1_000
  const tookMs: number[] = []
  const writer = async () => {
    for (let atMs = systemClock.monotonicMs(); atMs < untilMs;) {
      next += 1
      await put(keyOf(next % keys), value)
      const nowMs = systemClock.monotonicMs()
      tookMs.push(nowMs - atMs)
      atMs = nowMs
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
  const passedS = (systemClock.monotonicMs() - sinceMs) / 1_000
  const sorted = Float64Array.from(tookMs).sort()
  return {
    count: sorted.length,
    perSecond: sorted.length / passedS,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  }
}
