/**
 * Writers that are in each other's way: all count up one key, or 64 keys.
 *
 * @module
 */

import type { Counting, CountingReport } from '../drivers/counters.ts'
import { CONNECTIONS, ourNode, secondsOf } from '../suite/measures.ts'
import {
  cpuDetails,
  DRIVER_CORE,
  perSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { openWindow } from '../tools/cpu-profile.ts'
import { cpuUse } from '../tools/cpu-time.ts'
import { Driver } from '../tools/driver.ts'

const COUNTERS = [1, 64]
const BEGUN_WITHIN_MS = 30_000
const COUNTED_WITHIN_MS = 120_000

export const compareAndSet: Scenario = {
  name: 'compare-and-set',
  about: `${CONNECTIONS} writers that read and compare-and-set one counter, or one of 64`,
  async run(bench) {
    const rows: Row[] = []
    for (const counters of COUNTERS) rows.push(await measure(bench, counters))
    return rows
  },
}

async function measure(bench: Bench, counters: number): Promise<Row> {
  await using node = await ourNode(bench)
  const input: Counting = {
    url: node.url,
    writers: CONNECTIONS,
    counters,
    seconds: secondsOf(bench),
  }
  await using driver = new Driver('counters', DRIVER_CORE, input)
  await driver.report('counting', BEGUN_WITHIN_MS)
  const cpu = cpuUse(node.pid)
  const closeWindow = openWindow()
  const report = await driver.report<CountingReport>('counted', COUNTED_WITHIN_MS)
  const used = cpu()
  const { successes, conflicts, seconds, total } = report
  return {
    scenario: 'compare-and-set',
    measure: `read and compare-and-set, ${CONNECTIONS} writers on ${counters} counters: successes`,
    ours: perSecond(successes / seconds),
    target: 'the counters are exact',
    met: total === successes,
    details: {
      conflictsPerSecond: conflicts / seconds,
      successes,
      counted: total,
      ...cpuDetails('our', used),
    },
    profile: await node.stopAndProfile(closeWindow()),
  }
}
