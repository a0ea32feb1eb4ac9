/**
 * The engine without a node around it: durable commits, and what takes it long.
 *
 * @module
 */

import type { CommitReport, EngineRun, WorkReport } from '../drivers/engine.ts'
import { CONNECTIONS, secondsOf } from '../suite/measures.ts'
import {
  against,
  cpuDetails,
  MEASURED_CORE,
  milliseconds,
  perSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { cpuUse } from '../tools/cpu-time.ts'
import { Driver } from '../tools/driver.ts'
import { temporaryFolder } from '../tools/temporary-folder.ts'
import { KEYS, VALUE_BYTES } from './workload.ts'

const FULL_KEYS = 500_000
const QUICK_KEYS = 100_000
const COMMITTED_WITHIN_MS = 120_000
const WORKED_WITHIN_MS = 600_000
const LATE_TARGET_MS = 50

export const engine: Scenario = {
  name: 'engine',
  about: `the engine in process: ${CONNECTIONS} commits at a time, snapshot and restore`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const manyKeys = bench.quick ? QUICK_KEYS : FULL_KEYS
  const input: EngineRun = {
    folder: folder.path,
    writers: CONNECTIONS,
    keys: KEYS,
    valueBytes: VALUE_BYTES,
    warmUpSeconds: bench.quick ? 1 : 3,
    seconds: secondsOf(bench),
    manyKeys,
  }
  await using driver = new Driver('engine', MEASURED_CORE, input)
  await driver.report('warm', COMMITTED_WITHIN_MS)
  const cpu = cpuUse(driver.child.pid)
  const report = await driver.report<CommitReport>('commits', COMMITTED_WITHIN_MS)
  const used = cpu()
  if (report.revisions !== report.commits) {
    throw new Error(`${report.commits} commits made ${report.revisions} revisions.`)
  }
  driver.tell('work')
  const work = await driver.report<WorkReport>('work', WORKED_WITHIN_MS)
  await driver.child.succeed()
  const etcd = await bench.peers.put(VALUE_BYTES)
  return [
    against(
      {
        scenario: 'engine',
        measure: `commit of ${VALUE_BYTES} bytes in process, ${CONNECTIONS} at a time`,
        ours: perSecond(report.perSecond),
        theirs: perSecond(etcd.perSecond),
        target: '≥ 1 × the best put of etcd',
        details: {
          ourP50Ms: report.p50Ms,
          ourP99Ms: report.p99Ms,
          ...cpuDetails('our', used),
          etcd: `${etcd.how}, one key`,
          ...cpuDetails('etcd', etcd.cpu),
        },
      },
      1,
    ),
    ...lateRows(manyKeys, work),
  ]
}

function lateRows(keys: number, work: WorkReport): Row[] {
  const rowOf = (what: string, lateMs: number, details: Row['details'] = {}): Row => ({
    scenario: 'engine',
    measure: `loop at its latest while ${what}, engine alone`,
    ours: milliseconds(lateMs),
    target: `≤ ${LATE_TARGET_MS} ms`,
    met: lateMs <= LATE_TARGET_MS,
    details,
  })
  return [
    rowOf(`putting ${keys} keys, 1,000 to a commit`, work.fillMs),
    rowOf('deleting 10,000 keys by prefix', work.deletePrefixMs),
    rowOf(`reading a snapshot of ${keys} keys`, work.snapshotMs, { seconds: work.snapshotSeconds }),
    rowOf(`restoring ${keys} keys`, work.restoreMs, { seconds: work.restoreSeconds }),
  ]
}
