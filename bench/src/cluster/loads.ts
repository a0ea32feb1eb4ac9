/**
 * Load on both nodes of a pair by wrk, and on the members alone by h2load and by a program on
 * Node.
 *
 * @module
 */

import type { WriterReport } from '../drivers/writers.ts'
import { KEYS, VALUE_BYTES } from '../catalog/workload.ts'
import { bodyOf, sawData, type PeerCall } from '../suite/peer-calls.ts'
import { type Bench } from '../suite/scenario.ts'
import { cpuUse, cpuUseOfAll, type CpuUse } from '../tools/cpu-time.ts'
import { Driver } from '../tools/driver.ts'
import { grpcCall } from '../tools/grpc-call.ts'
import { revisionOf, METHODS, serializableRange } from '../tools/grpc-frame.ts'
import { runH2load, type Shape } from '../tools/h2load.ts'
import { runWrk } from '../tools/wrk.ts'
import { CORES, type Members, type Pair } from './pair.ts'

export interface OurLoad {
  readonly perSecond: number
  /** Those of the warm-up are not among them. */
  readonly requests: number
  readonly p50Ms: number
  /** Of the node that was slower. */
  readonly p99Ms: number
  /** Of the nodes and the members. */
  readonly cpu: CpuUse
}

export interface TheirLoad {
  readonly perSecond: number
  readonly how: string
  /** Of the members. */
  readonly cpu: CpuUse
}

export interface TheirClient extends WriterReport {
  readonly cpu: CpuUse
  /** Of the program. */
  readonly clientCpu: number
}

const WITHIN_MS = 120_000

/** How long each measurement takes. */
export function lengthOf({ quick }: Bench): { seconds: number; warmUpSeconds: number } {
  return quick ? { seconds: 2, warmUpSeconds: 1 } : { seconds: 6, warmUpSeconds: 2 }
}

/** So many connections, half of them to each node; one alone goes to the first. */
export async function loadNodes(
  bench: Bench,
  { nodes, pids }: Pair,
  { connections, script }: { readonly connections: number; readonly script: string },
): Promise<OurLoad> {
  const { seconds, warmUpSeconds } = lengthOf(bench)
  const { wrk: program, env } = bench.tools
  const loaded = nodes.slice(0, Math.min(nodes.length, connections))
  const each = connections / loaded.length
  const run = (duration: number) =>
    Promise.all(
      loaded.map(({ url }) =>
        runWrk({
          program,
          env,
          core: CORES,
          url: `${url}/`,
          connections: each,
          seconds: duration,
          script,
        }),
      ),
    )
  await run(warmUpSeconds)
  const cpu = cpuUseOfAll(pids)
  const results = await run(seconds)
  const used = cpu()
  const sum = (of: (result: (typeof results)[number]) => number) =>
    results.reduce((total, result) => total + of(result), 0)
  return {
    perSecond: sum(({ perSecond }) => perSecond),
    requests: sum(({ requests }) => requests),
    p50Ms: sum(({ p50Ms }) => p50Ms) / results.length,
    p99Ms: Math.max(...results.map(({ p99Ms }) => p99Ms)),
    cpu: used,
  }
}

/** The best that the leader does for h2load, in whichever shape. */
export async function loadLeader(
  bench: Bench,
  members: Members,
  { call, shapes }: { readonly call: PeerCall; readonly shapes: readonly Shape[] },
): Promise<TheirLoad> {
  const { seconds, warmUpSeconds } = lengthOf(bench)
  const { leader: url } = members
  const { h2load: program, env } = bench.tools
  let best: TheirLoad | undefined
  for (const shape of shapes) {
    const { dataBytes } = await grpcCall(url, call.method, ...call.messages)
    const target = { url: `${url}${call.method}`, body: bodyOf(call), shape }
    const run = (duration: number) =>
      runH2load({ program, env, core: CORES, ...target, seconds: duration })
    await run(warmUpSeconds)
    const before = await revisionAt(url)
    const cpu = cpuUseOfAll(members.pids)
    const result = await run(seconds)
    const used = cpu()
    const how = `${call.what}, ${shape.connections} × ${shape.streams}`
    sawData(how, dataBytes, result)
    if (call.method === METHODS.put) await sawPuts(url, before, result.requests)
    if (!best || result.perSecond > best.perSecond) {
      best = { perSecond: result.perSecond, how, cpu: used }
    }
  }
  if (!best) throw new Error('There is no shape to measure in.')
  return best
}

/** Puts at the leader by a program on Node, with the client for gRPC that everybody uses. */
export async function writeByNode(
  bench: Bench,
  members: Members,
  writers: number,
): Promise<TheirClient> {
  const { leader: url } = members
  const workload = { keys: KEYS, valueBytes: VALUE_BYTES, writers }
  const before = await revisionAt(url)
  const input = { who: 'etcd', url, ...workload, ...lengthOf(bench) }
  await using driver = new Driver('writers', CORES, input)
  await driver.report('warm', WITHIN_MS)
  const [cpu, clientCpu] = [cpuUseOfAll(members.pids), cpuUse(driver.child.pid)]
  const report = await driver.report<WriterReport>('written', WITHIN_MS)
  const used = { cpu: cpu(), clientCpu: clientCpu().process }
  await sawPuts(url, before, report.count)
  return { ...report, ...used }
}

async function revisionAt(url: string): Promise<number> {
  const { message } = await grpcCall(url, METHODS.range, serializableRange('revision'))
  return revisionOf(message)
}

/** Fails unless so many writes have really happened. */
async function sawPuts(url: string, before: number, count: number): Promise<void> {
  const written = (await revisionAt(url)) - before
  if (written < count) throw new Error(`etcd confirmed ${count} puts and made ${written}.`)
}
