/**
 * Driver: asks a node whether it is well, every so often, and notes how long it takes.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { quantile } from '../tools/quantile.ts'
import { Connection, mustSucceed } from './connection.ts'
import { input, listen, report, told } from './conversation.ts'

export interface ProbeReport {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const { url, everyMs } = input() as { readonly url: string; readonly everyMs: number }
const stopping = new AbortController()

listen()
const probing = probe()
report('probing', {})
await told('stop')
stopping.abort()
const sorted = Float64Array.from(await probing).sort()
report('probes', {
  count: sorted.length,
  p50Ms: quantile(sorted, 0.5),
  p99Ms: quantile(sorted, 0.99),
  maxMs: quantile(sorted, 1),
} satisfies ProbeReport)
process.exit(0)

async function probe(): Promise<number[]> {
  const connection = new Connection(url)
  const times: number[] = []
  do {
    const sinceMs = systemClock.monotonicMs()
    await mustSucceed(connection, 'GET', '/healthz')
    times.push(systemClock.monotonicMs() - sinceMs)
  } while (await systemClock.sleep(everyMs, stopping.signal))
  return times
}
