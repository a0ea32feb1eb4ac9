/**
 * Driver: grants a great many leases and keeps them alive, in bulk and then one by one, each at
 * a third of its ttl as clients do.
 *
 * @module
 */

import { API_BASE, type GrantAnswer, type KeepAliveAnswer } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { quantile } from '../tools/quantile.ts'
import { Connection, mustSucceed } from './connection.ts'
import { Connections } from './connections.ts'
import { input, listen, report, told } from './conversation.ts'
import { paced } from './paced.ts'

export interface Keeping {
  readonly url: string
  readonly count: number
  readonly ttlMinMs: number
  readonly ttlMaxMs: number
  /** Leases to a request in bulk. */
  readonly batch: number
  readonly seconds: number
}

export interface KeptReport {
  readonly keepAlives: number
  readonly seconds: number
  /** Leases that were answered to have ended. */
  readonly lost: number
  readonly p99Ms: number
  readonly maxMs: number
}

const GRANTING = 64
const { url, count, ttlMinMs, ttlMaxMs, batch, seconds } = input() as Keeping
const everyMs = ttlMinMs / 3
const ids: number[] = []
const connections = new Connections(url)

listen()
const granting = systemClock.monotonicMs()
await Promise.all(Array.from({ length: GRANTING }, grant))
report('granted', { seconds: (systemClock.monotonicMs() - granting) / 1_000 })
await told('bulk')
report('bulk', await keep(Math.ceil(count / batch), keepBatch))
await told('one by one')
report('one by one', await keep(count, keepOne))
report('ids', ids)
// They live on while somebody else renews them.
await told('end')
report('last', await keepAll())
process.exit(0)

async function grant(): Promise<void> {
  const connection = new Connection(url)
  while (ids.length < count) {
    const at = ids.push(0) - 1
    const ttlMs = ttlMinMs + (at % (ttlMaxMs - ttlMinMs))
    const { body } = await mustSucceed(
      connection,
      'POST',
      `${API_BASE}/leases`,
      JSON.stringify({ ttlMs }),
    )
    ids[at] = (JSON.parse(body.toString()) as GrantAnswer).id
  }
  connection.close()
}

/** Does `requests` requests each time, spread over it, and answers what became of all. */
async function keep(
  requests: number,
  act: (at: number) => Promise<{ readonly kept: number; readonly lost: number }>,
): Promise<KeptReport> {
  const perSecond = (requests / everyMs) * 1_000
  const total = Math.round(seconds * perSecond)
  const tookMs = new Float64Array(total)
  const sum = { kept: 0, lost: 0 }
  const sinceMs = systemClock.monotonicMs()
  await paced({ count: total, perSecond }, async (n) => {
    const sentAtMs = systemClock.monotonicMs()
    const { kept, lost } = await act(n % requests)
    tookMs[n] = systemClock.monotonicMs() - sentAtMs
    sum.kept += kept
    sum.lost += lost
  })
  const passedS = (systemClock.monotonicMs() - sinceMs) / 1_000
  const sorted = tookMs.sort()
  return {
    keepAlives: sum.kept,
    seconds: passedS,
    lost: sum.lost,
    p99Ms: quantile(sorted, 0.99),
    maxMs: quantile(sorted, 1),
  }
}

async function keepBatch(at: number): Promise<{ kept: number; lost: number }> {
  const body = JSON.stringify({ ids: ids.slice(at * batch, (at + 1) * batch) })
  const answer = await connections.request('POST', `${API_BASE}/leases/keepalive`, body)
  const { renewed, missing } = JSON.parse(answer.body.toString()) as KeepAliveAnswer
  return { kept: renewed.length, lost: missing.length }
}

/** Fails when the lease has ended. */
async function keepOne(at: number): Promise<{ kept: number; lost: number }> {
  await connections.request('POST', `${API_BASE}/leases/${ids[at]}/keepalive`)
  return { kept: 1, lost: 0 }
}

async function keepAll(): Promise<{ kept: number; lost: number }> {
  const sum = { kept: 0, lost: 0 }
  for (let at = 0; at * batch < count; at += 1) {
    const { kept, lost } = await keepBatch(at)
    sum.kept += kept
    sum.lost += lost
  }
  return sum
}
