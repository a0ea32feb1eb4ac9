/**
 * Durable puts over HTTP, one request each: beside the best that etcd does for any client, and
 * beside what a program on Node gets of it.
 *
 * @module
 */

import type { WriterReport, Writing } from '../drivers/writers.ts'
import { CONNECTIONS, detailsOf, load, ourNode, secondsOf } from '../suite/measures.ts'
import {
  against,
  cpuDetails,
  DRIVER_CORE,
  perSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { flushMs } from '../tools/disk.ts'
import { Driver } from '../tools/driver.ts'
import { revisionOf } from './our-catalog.ts'
import { KEYS, puttingLua, VALUE_BYTES } from './workload.ts'

const WRITTEN_WITHIN_MS = 120_000

export const put: Scenario = {
  name: 'put',
  about: `durable puts of ${VALUE_BYTES} bytes, ${CONNECTIONS} writers`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using node = await ourNode(bench)
  const before = await revisionOf(node)
  const ours = await load(bench, { server: node, script: () => puttingLua(KEYS, VALUE_BYTES) })
  const written = (await revisionOf(node)) - before
  if (written < ours.requests) {
    throw new Error(`${ours.requests} puts were confirmed, and ${written} were written.`)
  }
  const profile = await node.stopAndProfile(ours.window)
  await node[Symbol.asyncDispose]()
  const etcd = await bench.peers.put(VALUE_BYTES)
  const writing = {
    writers: CONNECTIONS,
    keys: KEYS,
    valueBytes: VALUE_BYTES,
    warmUpSeconds: bench.quick ? 1 : 3,
  }
  const client = await bench.peers.putByNode(writing)
  const ourClient = await putByNode(bench, writing)
  const details = { ...detailsOf(ours), flushMs: await flushMs(), keys: KEYS }
  const row = { scenario: 'put', ours: perSecond(ours.perSecond) }
  const measure = `durable put of ${VALUE_BYTES} bytes, ${CONNECTIONS} writers`
  return [
    against(
      {
        ...row,
        measure: `${measure}, against the best of etcd`,
        theirs: perSecond(etcd.perSecond),
        target: '≥ 0.7 × etcd, stretch 1 ×',
        details: { ...details, etcd: `${etcd.how}, one key`, ...cpuDetails('etcd', etcd.cpu) },
        profile,
      },
      0.7,
    ),
    against(
      {
        ...row,
        measure: `${measure}, against etcd by a client on Node`,
        theirs: perSecond(client.perSecond),
        target: '≥ 4 × what that client gets',
        details: {
          etcd: `@grpc/grpc-js, ${CONNECTIONS} writers, ${KEYS} keys`,
          etcdP50Ms: client.p50Ms,
          etcdP99Ms: client.p99Ms,
          ...cpuDetails('etcd', client.cpu),
          clientCpu: client.clientCpu,
        },
      },
      4,
    ),
    against({
      scenario: 'put',
      measure: `${measure}, both by a client on Node`,
      ours: perSecond(ourClient.perSecond),
      theirs: perSecond(client.perSecond),
      target: 'none: bound by the client',
      details: { ours: '@rollcall/client', ourP50Ms: ourClient.p50Ms, ourP99Ms: ourClient.p99Ms },
    }),
  ]
}

async function putByNode(
  bench: Bench,
  writing: Omit<Writing, 'who' | 'url' | 'seconds'>,
): Promise<WriterReport> {
  await using node = await ourNode({ ...bench, profiled: false })
  const input: Writing = { ...writing, who: 'ours', url: node.url, seconds: secondsOf(bench) }
  await using driver = new Driver('writers', DRIVER_CORE, input)
  return await driver.report<WriterReport>('written', WRITTEN_WITHIN_MS)
}
