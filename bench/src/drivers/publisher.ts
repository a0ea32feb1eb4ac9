/**
 * Publishes marked changes of one instance, one every so often, and remembers when.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { Connection, mustSucceed } from './connection.ts'
import { markOf } from './marks.ts'

const never = new AbortController().signal

export interface Publishing {
  readonly url: string
  readonly service: string
  readonly changes: number
  readonly everyMs: number
}

/** Publishes all changes. `sentAtMs` gets the monotonic time at which each was written. */
export async function publish(
  { url, service, changes, everyMs }: Publishing,
  sentAtMs: Float64Array,
): Promise<void> {
  const connection = new Connection(url)
  const path = `${API_BASE}/services/${service}/instances/publisher`
  const sinceMs = systemClock.monotonicMs()
  for (let change = 0; change < changes; change += 1) {
    await systemClock.sleep(sinceMs + change * everyMs - systemClock.monotonicMs(), never)
    const body = {
      addresses: ['http://10.0.0.1:8080'],
      metadata: markOf(change),
      ttlMs: 86_400_000,
    }
    sentAtMs[change] = systemClock.monotonicMs()
    await mustSucceed(connection, 'PUT', path, JSON.stringify(body))
  }
  connection.close()
}
