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
  /** The longest that a lease had to wait for its keep-alive to be sent. */
  readonly gapMaxMs: number
}

const CLIENTS = 64
const { url, count, ttlMinMs, ttlMaxMs, batch, seconds } = input() as Keeping
const everyMs = ttlMinMs / 3
const NOT_FOUND = 404
const never = new AbortController().signal
const ids: number[] = []
const keptAtMs = new Float64Array(count)
let gapMaxMs = 0
const connections = new Connections(url)

listen()
const granting = systemClock.monotonicMs()
await Promise.all(Array.from({ length: CLIENTS }, grant))
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
    keptAtMs[at] = systemClock.monotonicMs()
    ids[at] = (JSON.parse(body.toString()) as GrantAnswer).id
  }
  connection.close()
}

/** Does `requests` requests each time, spread over it, and answers what became of all. */
async function keep(
  requests: number,
  act: (at: number) => Promise<{ readonly kept: number; readonly lost: number }>,
): Promise<KeptReport> {
  // Each as often as every other.
  const total = Math.ceil((seconds * 1_000) / everyMs) * requests
  gapMaxMs = 0
  const tookMs = new Float64Array(total)
  const sum = { kept: 0, lost: 0 }
  const sinceMs = systemClock.monotonicMs()
  let next = 0
  const client = async () => {
    for (let n = next++; n < total; n = next++) {
      const dueMs = sinceMs + (n * everyMs) / requests
      await systemClock.sleep(dueMs - systemClock.monotonicMs(), never)
      const sentAtMs = systemClock.monotonicMs()
      const { kept, lost } = await act(n % requests)
      tookMs[n] = systemClock.monotonicMs() - sentAtMs
      sum.kept += kept
      sum.lost += lost
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  const passedS = (systemClock.monotonicMs() - sinceMs) / 1_000
  const sorted = tookMs.sort()
  return {
    keepAlives: sum.kept,
    seconds: passedS,
    lost: sum.lost,
    p99Ms: quantile(sorted, 0.99),
    maxMs: quantile(sorted, 1),
    gapMaxMs,
  }
}

async function keepBatch(at: number): Promise<{ kept: number; lost: number }> {
  const body = JSON.stringify({ ids: ids.slice(at * batch, (at + 1) * batch) })
  for (let one = at * batch; one < Math.min((at + 1) * batch, count); one += 1) sent(one)
  const answer = await connections.request('POST', `${API_BASE}/leases/keepalive`, body)
  const { renewed, missing } = JSON.parse(answer.body.toString()) as KeepAliveAnswer
  return { kept: renewed.length, lost: missing.length }
}

async function keepOne(at: number): Promise<{ kept: number; lost: number }> {
  sent(at)
  const path = `${API_BASE}/leases/${ids[at]}/keepalive`
  const { status } = await connections.ask('POST', path)
  if (status === NOT_FOUND) return { kept: 0, lost: 1 }
  if (status >= 300) throw new Error(`POST ${path} was answered with ${status}.`)
  return { kept: 1, lost: 0 }
}

/** Notes how long the lease has been without a keep-alive. */
function sent(at: number): void {
  const nowMs = systemClock.monotonicMs()
  gapMaxMs = Math.max(gapMaxMs, nowMs - (keptAtMs[at] ?? nowMs))
  keptAtMs[at] = nowMs
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
