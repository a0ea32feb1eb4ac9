/**
 * Driver: puts a given number of keys, many to a transaction, and ends.
 *
 * @module
 */

import { API_BASE, type TxnAnswer } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { txnOf } from '../catalog/workload.ts'
import { Connection, mustSucceed } from './connection.ts'
import { input, report } from './conversation.ts'

export interface KvFilling {
  readonly url: string
  readonly count: number
  readonly valueBytes: number
  /** Keys to a transaction. */
  readonly batch: number
  readonly connections: number
}

export interface Filled {
  readonly seconds: number
}

const { url, count, valueBytes, batch, connections } = input() as KvFilling
const sinceMs = systemClock.monotonicMs()
let next = 0
await Promise.all(Array.from({ length: connections }, client))
report('filled', { seconds: (systemClock.monotonicMs() - sinceMs) / 1_000 } satisfies Filled)
process.exit(0)

async function client(): Promise<void> {
  const connection = new Connection(url)
  for (let first = next; first < count; first = next) {
    next += batch
    const body = txnOf(first, Math.min(batch, count - first), valueBytes)
    const answer = await mustSucceed(connection, 'POST', `${API_BASE}/txn`, body)
    const { succeeded } = JSON.parse(answer.body.toString()) as TxnAnswer
    if (!succeeded) throw new Error('A transaction without compares did not succeed.')
  }
  connection.close()
}
