/**
 * Reading one key from the view of the node.
 *
 * @module
 */

import { detailsOf, load, ourNode } from '../suite/measures.ts'
import {
  against,
  cpuDetails,
  perSecond,
  ratioPerCpuSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { fillCatalog, sizeOf } from './our-catalog.ts'
import { FILLING, gettingLua, keyOf, KEYS, kvPath, VALUE_BYTES } from './workload.ts'

export const get: Scenario = {
  name: 'get',
  about: `get of ${VALUE_BYTES} bytes from the view`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using node = await ourNode(bench)
  await fillCatalog(node, { ...FILLING, count: KEYS })
  const bytes = await sizeOf(node, kvPath(keyOf(KEYS - 1)))
  if (bytes !== VALUE_BYTES) throw new Error(`A value of ${VALUE_BYTES} bytes came as ${bytes}.`)
  const ours = await load(bench, { server: node, script: () => gettingLua(KEYS) })
  const profile = await node.stopAndProfile(ours.window)
  await node[Symbol.asyncDispose]()
  const etcd = await bench.peers.range(VALUE_BYTES, 1)
  const row = {
    scenario: 'get',
    measure: `get of ${VALUE_BYTES} bytes from the view`,
    ours: perSecond(ours.perSecond),
    theirs: perSecond(etcd.perSecond),
    target: '≥ 2 × a serializable range of etcd',
    details: {
      ...detailsOf(ours),
      keys: KEYS,
      etcd: etcd.how,
      ...cpuDetails('etcd', etcd.cpu),
      etcdAnswerBytes: etcd.answerBytes,
      ratioPerCpuSecond: ratioPerCpuSecond(ours, etcd),
    },
    profile,
  }
  return [against(row, 2)]
}
