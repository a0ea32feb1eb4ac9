/**
 * Driver: writers that count up by compare-and-set. Each reads a counter, and puts one more
 * unless somebody else was faster.
 *
 * @module
 */

import { seededRandom, systemClock } from '@rollcall/runtime'
import { counterOf, kvPath } from '../catalog/workload.ts'
import { Connection, mustSucceed } from './connection.ts'
import { input, report } from './conversation.ts'
import { headerIn } from './response-reader.ts'

export interface Counting {
  readonly url: string
  readonly writers: number
  readonly counters: number
  readonly seconds: number
}

export interface CountingReport {
  readonly successes: number
  readonly conflicts: number
  readonly seconds: number
  /** What all counters together stand at; each success made it one more. */
  readonly total: number
}

const SEED = 1
const CONFLICT = 409

const { url, writers, counters, seconds } = input() as Counting
const random = seededRandom(SEED)
let successes = 0
let conflicts = 0

const setUp = new Connection(url)
for (let at = 0; at < counters; at += 1) {
  await mustSucceed(setUp, 'PUT', kvPath(counterOf(at)), '0')
}
report('counting', {})
const sinceMs = systemClock.monotonicMs()
await Promise.all(Array.from({ length: writers }, writer))
const passed = (systemClock.monotonicMs() - sinceMs) / 1_000
let total = 0
for (let at = 0; at < counters; at += 1) {
  const { body } = await mustSucceed(setUp, 'GET', kvPath(counterOf(at)))
  total += Number(body)
}
report('counted', { successes, conflicts, seconds: passed, total } satisfies CountingReport)
process.exit(0)

async function writer(): Promise<void> {
  const connection = new Connection(url)
  while (systemClock.monotonicMs() < sinceMs + seconds * 1_000) {
    const path = kvPath(counterOf(Math.floor(random() * counters)))
    const { head, body } = await mustSucceed(connection, 'GET', path)
    const more = String(Number(body) + 1)
    const revision = /[0-9]+/.exec(headerIn(head, 'etag') ?? '')?.[0] ?? ''
    const answer = await connection.request('PUT', `${path}?ifRevision=${revision}`, more)
    if (answer.status === CONFLICT) conflicts += 1
    else if (answer.status < 300) successes += 1
    else throw new Error(`A put was answered with ${answer.status}: ${String(answer.body)}`)
  }
  connection.close()
}
