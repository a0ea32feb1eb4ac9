/**
 * A thousand watchers of one prefix while a thousand keys a second are put below it.
 *
 * @module
 */

import type { KvWatching, KvWatchReport } from '../drivers/kv-watchers.ts'
import { ourNode } from '../suite/measures.ts'
import {
  cpuDetails,
  DRIVER_CORE,
  milliseconds,
  perSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { openWindow } from '../tools/cpu-profile.ts'
import { cpuUse } from '../tools/cpu-time.ts'
import { Driver } from '../tools/driver.ts'

const FULL = { watchers: 1_000, perSecond: 1_000, seconds: 20 }
const QUICK = { watchers: 200, perSecond: 500, seconds: 5 }
const VALUE_BYTES = 64
const CONNECTED_WITHIN_MS = 120_000
const AFTER_LAST_MS = 90_000

export const watchers: Scenario = {
  name: 'watchers',
  about: '1,000 watchers of one prefix by server-sent events, 1,000 puts a second',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const size = bench.quick ? QUICK : FULL
  const changes = size.perSecond * size.seconds
  await using node = await ourNode(bench)
  const input: KvWatching = { url: node.url, ...size, changes, valueBytes: VALUE_BYTES }
  await using driver = new Driver('kv-watchers', DRIVER_CORE, input)
  await driver.report('connected', CONNECTED_WITHIN_MS)
  driver.tell('publish')
  const closeWindow = openWindow()
  const [cpu, driverCpu] = [cpuUse(node.pid), cpuUse(driver.child.pid)]
  const withinMs = size.seconds * 1_000 + AFTER_LAST_MS
  const report = await driver.report<KvWatchReport>('deliveries', withinMs)
  const details = {
    ...report,
    putsPerSecond: size.perSecond,
    valueBytes: VALUE_BYTES,
    ...cpuDetails('our', cpu()),
    driverCpu: driverCpu().process,
  }
  const window = closeWindow()
  await driver[Symbol.asyncDispose]()
  const { missing, repeated, outOfOrder } = report
  const who = `${size.watchers} watchers of one prefix, ${size.perSecond} puts/s`
  const row = { scenario: 'watchers', details }
  return [
    {
      ...row,
      measure: `${who}: events delivered`,
      ours: perSecond(report.delivered / report.seconds),
      target: 'none missing, each once, in order',
      met: missing === 0 && repeated === 0 && outOfOrder === 0,
      profile: await node.stopAndProfile(window),
    },
    {
      ...row,
      measure: `${who}: p99 from the put to the event`,
      ours: milliseconds(report.p99Ms),
      target: 'none',
    },
  ]
}
