/**
 * Durable puts at two nodes that share an etcd, beside what a program on Node gets of the same
 * members without us, and the best that they do for any client.
 *
 * @module
 */

import { KEY_PREFIX, KEYS, puttingLua, VALUE_BYTES } from '../catalog/workload.ts'
import { putCall } from '../suite/peer-calls.ts'
import {
  against,
  cpuDetails,
  perSecond,
  ratioPerCpuSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { flushMs } from '../tools/disk.ts'
import { grpcCall } from '../tools/grpc-call.ts'
import { keysRange, METHODS, putsOf } from '../tools/grpc-frame.ts'
import { SHAPES, type Shape } from '../tools/h2load.ts'
import { loadLeader, loadNodes, writeByNode, type TheirClient } from './loads.ts'
import { startPair, type Members, type Pair } from './pair.ts'

interface Size {
  readonly writers: number
  /** The ways to have so many calls under way. */
  readonly shapes: readonly Shape[]
  /** Times the program on Node. */
  readonly least?: number
}

const SIZES: readonly Size[] = [
  { writers: 1, shapes: [{ connections: 1, streams: 1 }] },
  { writers: 64, shapes: SHAPES, least: 2 },
  {
    writers: 512,
    shapes: [
      { connections: 8, streams: 64 },
      { connections: 64, streams: 8 },
    ],
    least: 3,
  },
]
/** Where the nodes keep everything. */
const OURS = { from: '/rollcall/', upTo: '/rollcall0' }

export const puts: Scenario = {
  name: 'puts',
  about: `durable puts of ${VALUE_BYTES} bytes at two nodes, by 1, 64 and 512 writers`,
  async run(bench) {
    await using pair = await startPair(bench)
    const rows: Row[] = []
    for (const size of SIZES) {
      bench.note(`${size.writers} writers`)
      rows.push(...(await measure(bench, pair, size)))
    }
    return rows
  },
}

async function measure(bench: Bench, pair: Pair, size: Size): Promise<Row[]> {
  const { writers, shapes, least } = size
  const { members } = pair
  const before = await putsAt(members)
  const script = puttingLua(KEYS, VALUE_BYTES)
  const ours = await loadNodes(bench, pair, { connections: writers, script })
  const written = (await putsAt(members)) - before
  if (written < ours.requests) {
    throw new Error(`${ours.requests} puts were confirmed, and etcd has ${written}.`)
  }
  const client = await writeByNode(bench, members, writers)
  const best = await loadLeader(bench, members, { call: putCall(VALUE_BYTES), shapes })
  const row = { scenario: 'puts', ours: perSecond(ours.perSecond) }
  const who = `durable put of ${VALUE_BYTES} bytes, ${writers} ${writers === 1 ? 'writer' : 'writers'}`
  const details = {
    ourP50Ms: ours.p50Ms,
    ourP99Ms: ours.p99Ms,
    ...cpuDetails('our', ours.cpu),
    flushMs: await flushMs(),
    keys: KEYS,
  }
  return [
    against(
      {
        ...row,
        measure: `${who}, against the same etcd by a client on Node`,
        theirs: perSecond(client.perSecond),
        target: least === undefined ? 'none' : `≥ ${least} × that client`,
        details: {
          ...details,
          etcd: `@grpc/grpc-js to the leader, ${writers} writers, ${KEYS} keys`,
          etcdP50Ms: client.p50Ms,
          etcdP99Ms: client.p99Ms,
          ...cpuDetails('etcd', client.cpu),
          clientCpu: client.clientCpu,
          ratioPerCpuSecond: ratioPerCpuSecond(ours, withProgram(client)),
        },
      },
      least,
    ),
    against({
      ...row,
      measure: `${who}, against the best of the same etcd by h2load`,
      theirs: perSecond(best.perSecond),
      target: 'none',
      details: { ...details, etcd: `${best.how}, one key`, ...cpuDetails('etcd', best.cpu) },
    }),
  ]
}

/** What a node does for its clients, this program does by itself. */
function withProgram({ perSecond: rate, cpu, clientCpu }: TheirClient) {
  return { perSecond: rate, cpu: { ...cpu, process: cpu.process + clientCpu } }
}

/** How many puts of the workload the members have of our nodes. */
async function putsAt({ leader }: Members): Promise<number> {
  const { message } = await grpcCall(leader, METHODS.range, keysRange(OURS.from, OURS.upTo))
  return putsOf(message, KEY_PREFIX)
}
