/**
 * Renewing: one request each, and in bulk.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fillNode } from './fill-node.ts'
import { sampleOf } from '../tools/metrics.ts'
import type { OurNode } from '../tools/our-node.ts'
import { temporaryFolder } from '../tools/temporary-folder.ts'
import { detailsOf, load, ourNode } from '../suite/measures.ts'
import {
  against,
  cpuDetails,
  perSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { batchesLua, batchOf, registrationOf, renewingLua } from './workload.ts'

const WORKLOAD = { prefix: 'bench', services: 1_000, ttlMs: 3_600_000 }
const INSTANCES = 20_000
const BULK_INSTANCES = 100_000
const BATCH = 1_000
const BULK_CONNECTIONS = 4
const BULK_TARGET = 250_000

export const renew: Scenario = {
  name: 'renew',
  about: 'renew instances, one request each',
  run: measureOne,
}

export const renewBulk: Scenario = {
  name: 'renew-bulk',
  about: `renew instances ${BATCH} to a request`,
  run: measureBulk,
}

async function measureOne(bench: Bench): Promise<Row[]> {
  await using node = await ourNode(bench)
  await fillNode(node, WORKLOAD, INSTANCES)
  const ours = await load(bench, { server: node, script: () => renewingLua(WORKLOAD, INSTANCES) })
  await sawRenewals(node, ours.requests)
  const profile = await node.stopAndProfile(ours.window)
  await node[Symbol.asyncDispose]()
  const put = await bench.peers.put(registrationOf(WORKLOAD, 0).length)
  const row = {
    scenario: 'renew',
    measure: 'renew, against a put',
    ours: perSecond(ours.perSecond),
    theirs: perSecond(put.perSecond),
    target: '≥ 2 × etcd',
    details: { ...detailsOf(ours), etcd: `${put.how}, one key`, ...cpuDetails('etcd', put.cpu) },
    profile,
  }
  return [against(row, 2)]
}

async function measureBulk(bench: Bench): Promise<Row[]> {
  await using node = await ourNode(bench)
  await using folder = await temporaryFolder()
  await fillNode(node, WORKLOAD, BULK_INSTANCES)
  const bodies = Array.from({ length: BULK_INSTANCES / BATCH }, (_, at) =>
    batchOf(WORKLOAD, at * BATCH, BATCH),
  )
  const file = join(folder.path, 'bodies')
  await writeFile(file, `${bodies.join('\n')}\n`)
  const script = () => batchesLua(file)
  const ours = await load(bench, { server: node, connections: BULK_CONNECTIONS, script })
  await sawRenewals(node, ours.requests * BATCH)
  const value = ours.perSecond * BATCH
  const row: Row = {
    scenario: 'renew-bulk',
    measure: `renew, ${BATCH} to a request`,
    ours: { value, unit: ' instances/s' },
    target: '≥ 250,000 instances/s',
    met: value >= BULK_TARGET,
    details: { ...detailsOf(ours), bodyBytes: bodies[0]?.length ?? 0 },
    profile: await node.stopAndProfile(ours.window),
  }
  return [row]
}

/** Fails unless so many renewals were counted, and none was refused. */
async function sawRenewals(node: OurNode, count: number): Promise<void> {
  const samples = await node.samples()
  const of = (outcome: string) => sampleOf(samples, `rollcall_renewals_total{outcome="${outcome}"}`)
  const refused = of('missing') + of('superseded')
  if (of('renewed') >= count && refused === 0) return
  throw new Error(`${count} renewals: ${of('renewed')} were counted, ${refused} refused.`)
}
