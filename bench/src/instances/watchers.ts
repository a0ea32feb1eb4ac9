/**
 * Ten thousand readers of one service, and how soon each of them knows of a change.
 *
 * @module
 */

import type { DeliveryReport } from '../drivers/deliveries.ts'
import { openWindow } from '../tools/cpu-profile.ts'
import { Driver } from '../tools/driver.ts'
import { cpuUse } from '../tools/cpu-time.ts'
import type { Memory } from '../tools/our-node.ts'
import { ourNode } from '../suite/measures.ts'
import { fillNode } from './fill-node.ts'
import {
  cpuDetails,
  DRIVER_CORE,
  milliseconds,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { settledMemory } from '../suite/settled-memory.ts'
import { serviceOf } from './workload.ts'

const WORKLOAD = { prefix: 'orders', services: 1, ttlMs: 3_600_000, isBare: true }
const INSTANCES = 10
const NAMES = { 'sse-watchers': 'watchers', 'long-polls': 'long polls' }
const TARGET_MS = 400
const CONNECTED_WITHIN_MS = 300_000
const AFTER_LAST_MS = 60_000

export const sseWatchers: Scenario = {
  name: 'sse-watchers',
  about: '10,000 watchers of one service by server-sent events, 50 changes',
  run: (bench) => measure(bench, 'sse-watchers'),
}

export const longPolls: Scenario = {
  name: 'long-polls',
  about: '10,000 long polls of one service, 50 changes',
  run: (bench) => measure(bench, 'long-polls'),
}

/** A change every two seconds: each has reached everybody before the next. */
const FULL = { watchers: 10_000, changes: 50, everyMs: 2_000 }
const QUICK = { watchers: 2_000, changes: 10, everyMs: 1_000 }

type Kind = 'sse-watchers' | 'long-polls'

async function measure(bench: Bench, scenario: Kind): Promise<Row[]> {
  const size = bench.quick ? QUICK : FULL
  const { watchers, changes, everyMs } = size
  await using node = await ourNode(bench)
  await fillNode(node, WORKLOAD, INSTANCES)
  const before = await settledMemory(node)
  const input = { url: node.url, service: serviceOf(WORKLOAD, 0), ...size }
  await using driver = new Driver(scenario, DRIVER_CORE, input)
  await driver.report('connected', CONNECTED_WITHIN_MS)
  bench.note(`${watchers} connected; waiting until memory has settled`)
  const idle = await settledMemory(node)
  driver.tell('publish')
  const closeWindow = openWindow()
  const cpu = cpuUse(node.pid)
  const driverCpu = cpuUse(driver.child.pid)
  const withinMs = changes * everyMs + AFTER_LAST_MS
  const report = await driver.report<DeliveryReport>('deliveries', withinMs)
  const used = { ...cpuDetails('our', cpu()), driverCpu: driverCpu().process }
  const window = closeWindow()
  await driver[Symbol.asyncDispose]()
  const who = `${watchers} ${NAMES[scenario]}`
  const row: Row = {
    scenario,
    measure: `${who}, ${changes} changes: p99 of ${report.expected} deliveries`,
    ours: milliseconds(report.p99Ms),
    target: `≤ ${TARGET_MS} ms, none missing`,
    met: report.missing === 0 && report.p99Ms <= TARGET_MS,
    details: { ...report, everyMs, ...used },
    profile: await node.stopAndProfile(window),
  }
  return [row, memoryRow({ scenario, who }, eachOf(before, idle, watchers))]
}

function memoryRow({ scenario, who }: { scenario: Kind; who: string }, each: Memory): Row {
  return {
    scenario,
    measure: `resident memory of an idle one of ${who}`,
    ours: { value: each.resident, unit: ' bytes' },
    target: 'none',
    details: { heapBytes: each.heap, externalBytes: each.external },
  }
}

function eachOf(before: Memory, after: Memory, count: number): Memory {
  const each = (part: keyof Memory) => (after[part] - before[part]) / count
  return { heap: each('heap'), external: each('external'), resident: each('resident') }
}
