/**
 * Reads of one key at two nodes that share an etcd: of their views, and linearizable ones.
 *
 * @module
 */

import { fillCatalog, sizeOf } from '../catalog/our-catalog.ts'
import { FILLING, gettingLua, keyOf, KEYS, kvPath, VALUE_BYTES } from '../catalog/workload.ts'
import { CONNECTIONS } from '../suite/measures.ts'
import { linearizable, rangeCall } from '../suite/peer-calls.ts'
import {
  against,
  cpuDetails,
  perSecond,
  ratioPerCpuSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { SHAPES } from '../tools/h2load.ts'
import { loadLeader, loadNodes } from './loads.ts'
import { startPair } from './pair.ts'

const LINEARIZABLE = '?consistency=linearizable'

export const reads: Scenario = {
  name: 'reads',
  about: `gets of ${VALUE_BYTES} bytes at two nodes, from the view and linearizable`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using pair = await startPair(bench)
  const { nodes, members } = pair
  await fillCatalog(nodes[0], { ...FILLING, count: KEYS })
  for (const node of nodes) {
    const bytes = await sizeOf(node, `${kvPath(keyOf(KEYS - 1))}${LINEARIZABLE}`)
    if (bytes !== VALUE_BYTES) throw new Error(`A value of ${VALUE_BYTES} bytes came as ${bytes}.`)
  }
  const ours = (query: string) =>
    loadNodes(bench, pair, { connections: CONNECTIONS, script: gettingLua(KEYS, query) })
  const view = await ours('')
  const fresh = await ours(LINEARIZABLE)
  const call = rangeCall(VALUE_BYTES, 1)
  await call.prepare?.({ url: members.leader })
  const serializable = await loadLeader(bench, members, { call, shapes: SHAPES })
  const theirs = await loadLeader(bench, members, { call: linearizable(call), shapes: SHAPES })
  const rowOf = (what: string, mine: typeof view, other: typeof theirs) => ({
    scenario: 'reads',
    measure: `${what} get of ${VALUE_BYTES} bytes, ${CONNECTIONS} readers`,
    ours: perSecond(mine.perSecond),
    theirs: perSecond(other.perSecond),
    details: {
      ourP50Ms: mine.p50Ms,
      ourP99Ms: mine.p99Ms,
      ...cpuDetails('our', mine.cpu),
      etcd: other.how,
      ...cpuDetails('etcd', other.cpu),
      ratioPerCpuSecond: ratioPerCpuSecond(mine, other),
    },
  })
  return [
    against(
      {
        ...rowOf('view', view, serializable),
        target: '≥ 2 × a serializable range of the same etcd',
      },
      2,
    ),
    against({ ...rowOf('linearizable', fresh, theirs), target: 'none' }),
  ]
}
