/**
 * A million instances: what they take, and whether the node keeps up with their renewals while
 * it writes them to disk.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import type { ProbeReport } from '../drivers/health-probe.ts'
import type { RenewalReport } from '../drivers/renewing.ts'
import { openWindow } from '../tools/cpu-profile.ts'
import { cpuUse, type CpuUse } from '../tools/cpu-time.ts'
import { Driver } from '../tools/driver.ts'
import type { Memory, OurNode } from '../tools/our-node.ts'
import { watchLateness } from '../suite/loop-lateness.ts'
import { ourNode } from '../suite/measures.ts'
import {
  cpuDetails,
  DRIVER_CORE,
  milliseconds,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { settledMemory } from '../suite/settled-memory.ts'

/** Three pairs of metadata each. */
const WORKLOAD = { prefix: 'bench', services: 10_000, ttlMs: 90_000 }
interface Size {
  readonly count: number
  readonly measureMs: number
}
const FULL: Size = { count: 1_000_000, measureMs: 300_000 }
const QUICK: Size = { count: 200_000, measureMs: 60_000 }
const BATCH = 1_000
const RENEW_EVERY_MS = 30_000
/** Users say `NODE_OPTIONS=--max-old-space-size=4096`. */
const HEAP_MIB = 4_096
const HEAP_TARGET_BYTES = 1.2 * 1_024
const LATE_TARGET_MS = 100
const FILLED_WITHIN_MS = 1_800_000
const TOLD_WITHIN_MS = 60_000
/** Less than that is a driver that does not keep up, and no measurement. */
const SHARE_RENEWED_MIN = 0.9
const PROBE_EVERY_MS = 50
const SCRAPE_EVERY_MS = 5_000
const never = new AbortController().signal

export const million: Scenario = {
  name: 'million',
  about: '1,000,000 instances, renewed in bulk every 30 s for five minutes',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const size = bench.quick ? QUICK : FULL
  const { count } = size
  await using node = await ourNode(bench, { heapMiB: HEAP_MIB })
  const before = await settledMemory(node)
  await using crowd = new Driver('crowd', DRIVER_CORE, {
    url: node.url,
    workload: WORKLOAD,
    count,
    batch: BATCH,
    everyMs: RENEW_EVERY_MS,
  })
  const { seconds } = await crowd.report<{ seconds: number }>('filled', FILLED_WITHIN_MS)
  bench.note(`${count} registered in ${Math.round(seconds)} s`)
  const uncollected = await node.memory()
  const after = await settledMemory(node)
  const memory = memoryRow(count, before, after)
  const details = {
    ...memory.details,
    uncollectedEach: (uncollected.heap - before.heap) / count,
    registeredPerSecond: count / seconds,
  }
  return [{ ...memory, details }, await watchRenewals(node, crowd, size)]
}

function memoryRow(count: number, before: Memory, after: Memory): Row {
  const each = (part: keyof Memory) => (after[part] - before[part]) / count
  const heap = each('heap')
  return {
    scenario: 'million',
    measure: `heap of each of ${count} instances`,
    ours: { value: heap, unit: ' bytes' },
    target: '≤ 1.2 KiB',
    met: heap <= HEAP_TARGET_BYTES,
    details: { residentEach: each('resident'), externalEach: each('external') },
  }
}

async function watchRenewals(
  node: OurNode,
  crowd: Driver,
  { count, measureMs }: Size,
): Promise<Row> {
  const asking = { url: node.url, everyMs: PROBE_EVERY_MS }
  await using probe = new Driver('health-probe', DRIVER_CORE, asking)
  await probe.report('probing', TOLD_WITHIN_MS)
  crowd.tell('measure')
  const closeWindow = openWindow()
  const { lateMaxMs, warmStartWrites, cpu } = await watchLoop(node, measureMs)
  const window = closeWindow()
  crowd.tell('stop')
  probe.tell('stop')
  const renewals = await crowd.report<RenewalReport>('renewals', TOLD_WITHIN_MS)
  const health = await probe.report<ProbeReport>('probes', TOLD_WITHIN_MS)
  const due = (count * measureMs) / RENEW_EVERY_MS
  if (renewals.renewed < due * SHARE_RENEWED_MIN) {
    throw new Error(`Of ${due} renewals that were due the driver made ${renewals.renewed}.`)
  }
  const shown = await node.sample('rollcall_instances')
  const isWhole = warmStartWrites > 0 && renewals.refused === 0 && shown >= count
  return {
    scenario: 'million',
    measure: `loop at its latest in ${measureMs / 1_000} s of renewals`,
    ours: milliseconds(lateMaxMs),
    target: `≤ ${LATE_TARGET_MS} ms, warm-start writes included, none refused`,
    met: isWhole && lateMaxMs <= LATE_TARGET_MS,
    details: {
      ...cpuDetails('our', cpu),
      warmStartWrites,
      shown,
      ...prefixed('renewals', renewals),
      ...prefixed('healthz', health),
    },
    profile: await node.stopAndProfile(window),
  }
}

function prefixed(prefix: string, report: object): Record<string, number> {
  const entries = Object.entries(report as Record<string, number>)
  return Object.fromEntries(entries.map(([name, value]) => [`${prefix} ${name}`, value]))
}

interface LoopReport {
  readonly lateMaxMs: number
  readonly warmStartWrites: number
  readonly cpu: CpuUse
}

/** Watches a node for a while. */
async function watchLoop(node: OurNode, measureMs: number): Promise<LoopReport> {
  const written = 'rollcall_warm_start_writes_total{outcome="written"}'
  const writtenBefore = await node.sample(written)
  const cpu = cpuUse(node.pid)
  const stop = await watchLateness(node, SCRAPE_EVERY_MS)
  await systemClock.sleep(measureMs, never)
  const lateMaxMs = await stop()
  const warmStartWrites = (await node.sample(written)) - writtenBefore
  return { lateMaxMs, warmStartWrites, cpu: cpu() }
}
