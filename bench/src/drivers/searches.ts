/**
 * Driver: searches of one kind after the other, each again and again by one client, who looks
 * whether it finds what it has to find.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { searchCases, searchPath, type SearchCase } from '../resources/searches.ts'
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
  /** Searches of the same kind before these, which are not in the figures that follow. */
  readonly warmUp: number
  readonly warmUpP99Ms: number
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

/** In each hit once, and nowhere else: quotes in values are escaped. */
const OF_A_HIT = Buffer.from('"matched":[')

/**
 * So long each kind is searched for before it counts, as in every scenario: the compiler of the
 * node shares its one core, and takes some thousand requests to be done.
 */
const WARM_UP_MS = { quick: 1_000, full: 3_000 }

const { url, count, size } = input() as Searching
const connection = new Connection(url)
let last: Buffer = Buffer.alloc(0)
for (const [at, one] of searchCases(count).entries()) {
  const times = one.times[size]
  const warmMs: number[] = []
  const warmFromMs = systemClock.monotonicMs()
  while (systemClock.monotonicMs() - warmFromMs < WARM_UP_MS[size]) {
    warmMs.push(await ask(one, warmMs.length))
  }
  const tookMs: number[] = []
  while (tookMs.length < times) tookMs.push(await ask(one, warmMs.length + tookMs.length))
  const { hits, scanned } = JSON.parse(last.toString()) as Answer
  const sorted = Float64Array.from(tookMs).sort()
  report(`searched ${at}`, {
    times,
    warmUp: warmMs.length,
    warmUpP99Ms: quantile(Float64Array.from(warmMs).sort(), 0.99),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: quantile(sorted, 1),
    hits: hits.length,
    scanned,
  } satisfies SearchReport)
}
process.exit(0)

/** Searches the `n`th time, and answers how many milliseconds it took. */
async function ask(one: SearchCase, n: number): Promise<number> {
  const path = searchPath(one, n)
  const sinceMs = systemClock.monotonicMs()
  const { body } = await mustSucceed(connection, 'GET', path)
  const tookMs = systemClock.monotonicMs() - sinceMs
  last = body
  const hits = countHits(body)
  if (hits < one.hitsMin) {
    throw new Error(`GET ${path} found ${hits}, and not ${one.hitsMin} or more.`)
  }
  return tookMs
}

/** Parses nothing: what that leaves would be collected while a later search is timed. */
function countHits(body: Buffer): number {
  let count = 0
  for (let at = body.indexOf(OF_A_HIT); at >= 0; at = body.indexOf(OF_A_HIT, at + 1)) count += 1
  return count
}
