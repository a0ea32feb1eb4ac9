/**
 * How soon who watches one node learns of what was put at the other, beside a put at one member
 * of the same etcd and a watch of another, at the same rate.
 *
 * @module
 */

import { VALUE_BYTES } from '../catalog/workload.ts'
import type { KvAcross } from '../drivers/kv-across.ts'
import { driveArrivals, type DrivenArrivals } from '../suite/driven-arrivals.ts'
import { cpuDetails, milliseconds, type Bench, type Row, type Scenario } from '../suite/scenario.ts'
import { CORES, startPair } from './pair.ts'

const PER_SECOND = 1_000
const FULL = { seconds: 12, warmUpSeconds: 3 }
const QUICK = { seconds: 4, warmUpSeconds: 2 }

export const across: Scenario = {
  name: 'across',
  about: `${PER_SECOND} puts a second at one node, watched at the other`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using pair = await startPair(bench)
  const { nodes, members } = pair
  const [a, b] = nodes
  const our = await drive(bench, { who: 'ours', writeUrl: a.url, watchUrl: b.url }, pair.pids)
  const { leader: writeUrl, follower: watchUrl } = members
  const etcd = await drive(bench, { who: 'etcd', writeUrl, watchUrl }, members.pids)
  const [ours, theirs] = [our.report, etcd.report]
  const details = {
    perSecond: PER_SECOND,
    valueBytes: VALUE_BYTES,
    ...detailsOf('our', our),
    ...detailsOf('etcd', etcd),
  }
  const rowOf = (what: string, key: 'p50Ms' | 'p99Ms'): Row => ({
    scenario: 'across',
    measure: `put at one node, event at the other, ${PER_SECOND}/s: ${what}`,
    ours: milliseconds(ours[key]),
    theirs: milliseconds(theirs[key]),
    ratio: ours[key] / theirs[key],
    target: 'none missing',
    met: ours.missing === 0,
    details,
  })
  return [rowOf('p50', 'p50Ms'), rowOf('p99', 'p99Ms')]
}

function drive(
  bench: Bench,
  ends: Pick<KvAcross, 'who' | 'writeUrl' | 'watchUrl'>,
  pids: readonly number[],
): Promise<DrivenArrivals> {
  const size = bench.quick ? QUICK : FULL
  const input: KvAcross = { ...ends, ...size, valueBytes: VALUE_BYTES, perSecond: PER_SECOND }
  return driveArrivals({ name: 'kv-across', core: CORES, input }, pids)
}

function detailsOf(who: string, { report, cpu }: DrivenArrivals): Record<string, number> {
  const { missing, maxMs, answeredP50Ms, answeredP99Ms } = report
  return {
    [`${who}Missing`]: missing,
    [`${who}MaxMs`]: maxMs,
    [`${who}AnsweredP50Ms`]: answeredP50Ms,
    [`${who}AnsweredP99Ms`]: answeredP99Ms,
    ...cpuDetails(who, cpu),
  }
}
