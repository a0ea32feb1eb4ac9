/**
 * Ten thousand leases that are kept alive: what that takes of the node, and how many keep-alives
 * it does at most.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Keeping, KeptReport } from '../drivers/leases.ts'
import { detailsOf, load, ourNode } from '../suite/measures.ts'
import {
  against,
  cpuDetails,
  DRIVER_CORE,
  perSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { cpuUse, type CpuUse } from '../tools/cpu-time.ts'
import { Driver } from '../tools/driver.ts'
import type { OurNode } from '../tools/our-node.ts'
import { temporaryFolder } from '../tools/temporary-folder.ts'
import { keepingInBulkLua, keepingLua } from './workload.ts'

const COUNT = 10_000
const BATCH = 1_000
const TTL = { ttlMinMs: 10_000, ttlMaxMs: 15_000 }
/** More than two times the longest ttl. */
const FULL_SECONDS = 35
const QUICK_SECONDS = 12
const GRANTED_WITHIN_MS = 120_000
const TOLD_WITHIN_MS = 90_000

export const leases: Scenario = {
  name: 'leases',
  about: `${COUNT} leases with a ttl of 10 to 15 s, kept alive in bulk and one by one`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using folder = await temporaryFolder()
  await using node = await ourNode(bench)
  const seconds = bench.quick ? QUICK_SECONDS : FULL_SECONDS
  const input: Keeping = { url: node.url, count: COUNT, batch: BATCH, seconds, ...TTL }
  await using driver = new Driver('leases', DRIVER_CORE, input)
  const granted = await driver.report<{ seconds: number }>('granted', GRANTED_WITHIN_MS)
  const bulk = await keep(node, driver, 'bulk')
  const single = await keep(node, driver, 'one by one')
  const ids = await driver.report<readonly number[]>('ids', TOLD_WITHIN_MS)
  const file = join(folder.path, 'ids')
  await writeFile(file, `${ids.join('\n')}\n`)
  const ones = await load(bench, { server: node, script: () => keepingLua(file) })
  const script = () => keepingInBulkLua(file, BATCH)
  const many = await load(bench, { server: node, script })
  driver.tell('end')
  const last = await driver.report<{ kept: number; lost: number }>('last', TOLD_WITHIN_MS)
  const profile = await node.stopAndProfile(ones.window)
  await driver[Symbol.asyncDispose]()
  await node[Symbol.asyncDispose]()
  const etcdOnes = await bench.peers.keepAlive(1)
  const etcdMany = await bench.peers.keepAlive(BATCH)
  const row = { scenario: 'leases' }
  return [
    keptRow('in bulk', bulk, { grantedPerSecond: COUNT / granted.seconds }),
    keptRow('one by one', single, { lostInTheEnd: last.lost }),
    against({
      ...row,
      measure: 'keep-alives, one to a request',
      ours: perSecond(ones.perSecond),
      theirs: perSecond(etcdOnes.perSecond),
      target: 'none',
      details: { ...detailsOf(ones), etcd: etcdOnes.how, ...cpuDetails('etcd', etcdOnes.cpu) },
      profile,
    }),
    against({
      ...row,
      measure: `keep-alives, ${BATCH} to a request`,
      ours: perSecond(many.perSecond * BATCH),
      theirs: perSecond(etcdMany.perSecond * BATCH),
      target: 'none',
      details: { ...detailsOf(many), etcd: etcdMany.how, ...cpuDetails('etcd', etcdMany.cpu) },
    }),
  ]
}

interface Kept {
  readonly report: KeptReport
  readonly cpu: CpuUse
}

async function keep(node: OurNode, driver: Driver, how: string): Promise<Kept> {
  driver.tell(how)
  const cpu = cpuUse(node.pid)
  const report = await driver.report<KeptReport>(how, TOLD_WITHIN_MS)
  const { lost, gapMaxMs } = report
  if (lost > 0 && gapMaxMs >= TTL.ttlMinMs) {
    throw new Error(
      `The driver was ${gapMaxMs} ms late with a keep-alive, and ${lost} leases ended.`,
    )
  }
  return { report, cpu: cpu() }
}

function keptRow(how: string, { report, cpu }: Kept, more: Record<string, number>): Row {
  const { keepAlives, seconds, lost, p99Ms, maxMs, gapMaxMs } = report
  const lostAtAll = lost + (more['lostInTheEnd'] ?? 0)
  return {
    scenario: 'leases',
    measure: `CPU of ${COUNT} leases of 10 to 15 s, kept alive ${how} for ${Math.round(seconds)} s`,
    ours: { value: cpu.process * 100, unit: ' %' },
    target: 'none lost',
    met: lostAtAll === 0,
    details: {
      lost: lostAtAll,
      keepAlivesPerSecond: keepAlives / seconds,
      p99Ms,
      maxMs,
      gapMaxMs,
      ...cpuDetails('our', cpu),
      ...more,
    },
  }
}
