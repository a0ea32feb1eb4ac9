/**
 * Reading one service, small and large.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'
import { fillNode } from './fill-node.ts'
import { detailsOf, load, ourNode, plainServer } from '../suite/measures.ts'
import {
  against,
  cpuDetails,
  perSecond,
  ratioPerCpuSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { serviceOf } from './workload.ts'

const WORKLOAD = { prefix: 'orders', services: 1, ttlMs: 3_600_000, isBare: true }
const PATH = `${API_BASE}/services/${serviceOf(WORKLOAD, 0)}`

export const fetch10: Scenario = {
  name: 'fetch-10',
  about: 'fetch a service of 10 instances',
  run: (bench) => fetchService(bench, 'fetch-10', 10),
}

export const fetch1000: Scenario = {
  name: 'fetch-1000',
  about: 'fetch a service of 1,000 instances',
  run: (bench) => fetchService(bench, 'fetch-1000', 1_000),
}

async function fetchService(bench: Bench, scenario: string, count: number): Promise<Row[]> {
  await using node = await ourNode(bench)
  await fillNode(node, WORKLOAD, count)
  const answer = await fetch(`${node.url}${PATH}`, { headers: { 'accept-encoding': 'identity' } })
  const bytes = (await answer.arrayBuffer()).byteLength
  const ours = await load(bench, { server: node, path: PATH })
  const profile = await node.stopAndProfile(ours.window)
  // It has the core to itself only once ours has gone.
  await node[Symbol.asyncDispose]()
  const etcd = await bench.peers.range(bytes, count)
  const plain = await plainServer(bench, bytes)
  const measure = `fetch a service of ${count} instances, ${bytes} bytes`
  const details = { ...detailsOf(ours), bytes, ourMBPerSecond: ours.bytesPerSecond / 1e6 }
  const row = { scenario, measure, ours: perSecond(ours.perSecond) }
  const byEtcd = against(
    {
      ...row,
      theirs: perSecond(etcd.perSecond),
      target: '≥ 2 × etcd, stretch 3 ×',
      details: {
        ...details,
        etcd: etcd.how,
        ...cpuDetails('etcd', etcd.cpu),
        etcdAnswerBytes: etcd.answerBytes,
        ratioPerCpuSecond: ratioPerCpuSecond(ours, etcd),
      },
      profile,
    },
    2,
  )
  const byPlain = against(
    {
      ...row,
      measure: `${measure}, against a bare server of Node`,
      theirs: perSecond(plain.perSecond),
      target: count === 1_000 ? '≥ 0.7 ×: bound by bytes, not by encoding' : 'none: the ceiling',
      details: {
        ...details,
        ...cpuDetails('plain', plain.cpu),
        ratioPerCpuSecond: ratioPerCpuSecond(ours, plain),
      },
    },
    count === 1_000 ? 0.7 : undefined,
  )
  return [byEtcd, byPlain]
}
