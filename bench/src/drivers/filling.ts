/**
 * Registering a given number of instances, each once, over a few connections.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { pathOf, registrationOf, type Workload } from '../instances/workload.ts'
import { Connection, mustSucceed } from './connection.ts'

const CONNECTIONS = 64

export interface Filling {
  readonly url: string
  readonly workload: Workload
  readonly count: number
}

/**
 * Registers all, and answers how many seconds that took. `onProgress` is told how many were
 * confirmed without a gap, from the first on.
 */
export async function fill(
  { url, workload, count }: Filling,
  onProgress: (confirmed: number) => void = () => {},
): Promise<number> {
  const sinceMs = systemClock.monotonicMs()
  let next = 0
  const underWay = new Set<number>()
  const client = async () => {
    const connection = new Connection(url)
    for (let n = next++; n < count; n = next++) {
      underWay.add(n)
      await mustSucceed(connection, 'PUT', pathOf(workload, n), registrationOf(workload, n))
      underWay.delete(n)
      // A set goes in the order of insertion, so its first is the oldest.
      onProgress(underWay.values().next().value ?? Math.min(next, count))
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: Math.min(CONNECTIONS, count) }, client))
  return (systemClock.monotonicMs() - sinceMs) / 1_000
}
