/**
 * Driver: searches of one kind after the other, each again and again by one client, who looks
 * whether it finds what it has to find.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { searchCases, searchPath } from '../resources/searches.ts'
import { quantile } from '../tools/quantile.ts'
import { Connection, mustSucceed } from './connection.ts'
import { input, report } from './conversation.ts'

export interface Searching {
  readonly url: string
  /** So many resources are there. */
  readonly count: number
  readonly size: 'quick' | 'full'
}

export interface SearchReport {
  readonly times: number
  /** Searches of the same kind before these, which are not in the figures. */
  readonly warmUp: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Of the last one. */
  readonly hits: number
  readonly scanned: number
}

/** What a search answers, as far as it is looked at here. */
interface Answer {
  readonly hits: readonly unknown[]
  readonly scanned: number
}

const WARM_UP_SHARE = 0.1

const { url, count, size } = input() as Searching
const connection = new Connection(url)
for (const [at, one] of searchCases(count).entries()) {
  const times = one.times[size]
  const warmUp = Math.ceil(times * WARM_UP_SHARE)
  const tookMs: number[] = []
  let last: Answer = { hits: [], scanned: 0 }
  for (let n = -warmUp; n < times; n += 1) {
    const path = searchPath(one, n + warmUp)
    const sinceMs = systemClock.monotonicMs()
    const { body } = await mustSucceed(connection, 'GET', path)
    if (n >= 0) tookMs.push(systemClock.monotonicMs() - sinceMs)
    last = JSON.parse(body.toString()) as Answer
    if (last.hits.length < one.hitsMin) {
      throw new Error(`GET ${path} found ${last.hits.length}, and not ${one.hitsMin} or more.`)
    }
  }
  const sorted = Float64Array.from(tookMs).sort()
  report(`searched ${at}`, {
    times,
    warmUp,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: quantile(sorted, 1),
    hits: last.hits.length,
    scanned: last.scanned,
  } satisfies SearchReport)
}
process.exit(0)
