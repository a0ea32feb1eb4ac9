/**
 * Driver: adds a given number of resources, many to a batch, leaf by leaf, and ends.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { batchOf, LEAVES, leafPath, resourcesPath } from '../resources/workload.ts'
import { Connection, mustSucceed } from './connection.ts'
import { input, report } from './conversation.ts'

export interface ResourceFilling {
  readonly url: string
  readonly count: number
  /** Resources to a batch; each batch is of one leaf. */
  readonly batch: number
  readonly connections: number
}

export interface ResourceFilled {
  readonly seconds: number
}

const { url, count, batch, connections } = input() as ResourceFilling
const sinceMs = systemClock.monotonicMs()
let next = 0
await Promise.all(Array.from({ length: connections }, client))
const seconds = (systemClock.monotonicMs() - sinceMs) / 1_000
report('filled', { seconds } satisfies ResourceFilled)
process.exit(0)

async function client(): Promise<void> {
  const connection = new Connection(url)
  for (let first = next; first < count; first = next) {
    next += batch
    const ns = leafPath((first / batch) % LEAVES)
    const body = batchOf(first, Math.min(batch, count - first), ns)
    await mustSucceed(connection, 'POST', resourcesPath('/batch'), body)
  }
  connection.close()
}
