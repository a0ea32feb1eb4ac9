/**
 * How long nothing is written when the member of etcd that leads is killed: through our nodes,
 * which asked that member, and by a program on Node, which did too and goes on to the next.
 *
 * @module
 */

import { KEYS, VALUE_BYTES } from '../catalog/workload.ts'
import type { Outage, OutageReport } from '../drivers/outage.ts'
import { milliseconds, type Bench, type Row, type Scenario } from '../suite/scenario.ts'
import { Driver } from '../tools/driver.ts'
import { CORES, startMembers, startPair, type Members } from './pair.ts'

const WRITERS = 16
const ROUNDS = { quick: 1, full: 3 }
const WARM_UP_SECONDS = 2
/** An election takes one or two. */
const SECONDS = 6
const WITHIN_MS = 60_000

export const failover: Scenario = {
  name: 'failover',
  about: 'the gap in writes when the member that leads is killed',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const ours: OutageReport[] = []
  const theirs: OutageReport[] = []
  for (let round = 0; round < (bench.quick ? ROUNDS.quick : ROUNDS.full); round += 1) {
    ours.push(await killUnderNodes(bench))
    theirs.push(await killUnderClient(bench))
  }
  const [our, their] = [worstOf(ours), worstOf(theirs)]
  return [
    {
      scenario: 'failover',
      measure: `gap in writes when the leader of etcd is killed, the worst of ${ours.length}`,
      ours: milliseconds(our.gapMs),
      theirs: milliseconds(their.gapMs),
      ratio: our.gapMs / their.gapMs,
      target: 'none',
      details: {
        writers: WRITERS,
        ourGapsMs: gapsOf(ours),
        etcdGapsMs: gapsOf(theirs),
        ourFailures: ours.map(({ failures }) => failures).join(', '),
        etcdFailures: theirs.map(({ failures }) => failures).join(', '),
        etcd: '@grpc/grpc-js, 1 s for an answer, then the next member',
      },
    },
  ]
}

async function killUnderNodes(bench: Bench): Promise<OutageReport> {
  await using pair = await startPair(bench)
  return await kill(pair.members, { who: 'ours', urls: pair.nodes.map(({ url }) => url) })
}

async function killUnderClient(bench: Bench): Promise<OutageReport> {
  await using members = await startMembers(bench)
  return await kill(members, { who: 'etcd', urls: members.urls })
}

async function kill(members: Members, ends: Pick<Outage, 'who' | 'urls'>): Promise<OutageReport> {
  const input: Outage = {
    ...ends,
    writers: WRITERS,
    keys: KEYS,
    valueBytes: VALUE_BYTES,
    warmUpSeconds: WARM_UP_SECONDS,
    seconds: SECONDS,
  }
  await using driver = new Driver('outage', CORES, input)
  await driver.report('writing', WITHIN_MS)
  members.killLeader()
  return await driver.report<OutageReport>('outage', WITHIN_MS)
}

function worstOf(reports: readonly OutageReport[]): OutageReport {
  const [worst] = reports.toSorted((left, right) => right.gapMs - left.gapMs)
  if (!worst) throw new Error('There was no round.')
  return worst
}

function gapsOf(reports: readonly OutageReport[]): string {
  return reports.map(({ gapMs }) => Math.round(gapMs)).join(', ')
}
