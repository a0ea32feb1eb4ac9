/**
 * Before the first sample: everything that a node fills up to a limit is filled. It remembers
 * the last 100,000 changes and the last 64 events of each instance; while these fill up, a
 * node grows as it should, and no leak could be told from that.
 *
 * @module
 */

import { pathOf, registrationOf } from '../instances/workload.ts'
import { Connection, mustSucceed } from '../drivers/connection.ts'
import { fill } from '../drivers/filling.ts'
import { EVENTS_REMEMBERED, type Pool } from './pool.ts'

const CONNECTIONS = 16

/** Registers the steady ones, and lets each of the others come and go as often as is remembered. */
export async function warmUp(url: string, pool: Pool, onSteady: () => void): Promise<void> {
  await fill({ url, workload: pool.workload, count: pool.steady })
  onSteady()
  const churners = [...pool.churners]
  const client = async () => {
    const connection = new Connection(url)
    for (let n = churners.pop(); n !== undefined; n = churners.pop()) {
      const path = pathOf(pool.churning, n)
      const body = registrationOf(pool.churning, n)
      for (let events = 0; events <= EVENTS_REMEMBERED; events += 2) {
        await mustSucceed(connection, 'PUT', path, body)
        await mustSucceed(connection, 'DELETE', path)
      }
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client))
  await bringBack(url, pool)
}

/** Brings back as many as are there while the churn goes on, so that it neither grows nor shrinks. */
async function bringBack(url: string, pool: Pool): Promise<void> {
  const connection = new Connection(url)
  for (let n = pool.comeBack(); n !== undefined; n = pool.comeBack()) {
    const body = registrationOf(pool.churning, n)
    await mustSucceed(connection, 'PUT', pathOf(pool.churning, n), body)
    pool.arrived(n)
  }
  connection.close()
}
