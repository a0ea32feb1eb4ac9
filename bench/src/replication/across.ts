/**
 * How soon who watches one node learns of what was registered at another, beside a put at one
 * member of etcd and a watch of another, at the same rate.
 *
 * @module
 */

import type { Across } from '../drivers/across.ts'
import type { ArrivalReport } from '../drivers/arrivals.ts'
import { driveArrivals, type DrivenArrivals } from '../suite/driven-arrivals.ts'
import {
  cpuDetails,
  DRIVER_CORE,
  milliseconds,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { registrationOf } from '../instances/workload.ts'
import { startEtcdCluster } from './etcd-cluster.ts'
import { startTrio } from './trio.ts'

/** Few enough services for one watch. */
const WORKLOAD = { prefix: 'bench', services: 100, ttlMs: 3_600_000 }
const PER_SECOND = 1_000
const FULL = { seconds: 30, warmUpSeconds: 5 }
const QUICK = { seconds: 5, warmUpSeconds: 2 }

export const across: Scenario = {
  name: 'across',
  about: `${PER_SECOND} registrations a second at one node, watched at another`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const oursMeasured = await measureOurs(bench)
  const etcdMeasured = await measureEtcd(bench)
  const { report: ours } = oursMeasured
  const { report: etcd } = etcdMeasured
  const details = {
    registrationBytes: registrationOf(WORKLOAD, 1_000).length,
    ...prefixed('our', ours),
    ...cpuDetails('our', oursMeasured.cpu),
    ...prefixed('etcd', etcd),
    ...cpuDetails('etcd', etcdMeasured.cpu),
  }
  const rowOf = (what: string, key: 'p50Ms' | 'p99Ms'): Row => ({
    scenario: 'across',
    measure: `register at one node, event at another, ${PER_SECOND}/s: ${what}`,
    ours: milliseconds(ours[key]),
    theirs: milliseconds(etcd[key]),
    ratio: ours[key] / etcd[key],
    target: key === 'p99Ms' ? '≤ 1 × etcd, none missing' : 'none',
    ...(key === 'p99Ms' && { met: ours.missing === 0 && ours[key] <= etcd[key] }),
    details,
  })
  return [rowOf('p50', 'p50Ms'), rowOf('p99', 'p99Ms')]
}

async function measureOurs(bench: Bench): Promise<DrivenArrivals> {
  await using trio = await startTrio()
  const [a, b] = trio.nodes
  const pids = trio.nodes.map(({ pid }) => pid)
  return await drive(bench, { who: 'ours', writeUrl: a.url, watchUrl: b.url }, pids)
}

async function measureEtcd(bench: Bench): Promise<DrivenArrivals> {
  await using etcd = await startEtcdCluster(bench.tools)
  const [writeUrl, watchUrl] = etcd.urls
  return await drive(bench, { who: 'etcd', writeUrl, watchUrl }, etcd.pids)
}

function drive(
  bench: Bench,
  ends: Pick<Across, 'who' | 'writeUrl' | 'watchUrl'>,
  pids: readonly number[],
): Promise<DrivenArrivals> {
  const size = bench.quick ? QUICK : FULL
  const input: Across = { ...ends, ...size, workload: WORKLOAD, perSecond: PER_SECOND }
  return driveArrivals({ name: 'across', core: DRIVER_CORE, input }, pids)
}

function prefixed(who: string, report: ArrivalReport): Record<string, number> {
  const entries = Object.entries(report as unknown as Record<string, number>)
  return Object.fromEntries(
    entries.map(([name, value]) => [who + name.charAt(0).toUpperCase() + name.slice(1), value]),
  )
}
