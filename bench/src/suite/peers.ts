/**
 * What etcd does in the same run: measured when first asked for, and once.
 *
 * @module
 */

import type { WriterReport, Writing } from '../drivers/writers.ts'
import { cpuUse, type CpuUse } from '../tools/cpu-time.ts'
import type { Tools } from '../tools/debian-packages.ts'
import { Driver } from '../tools/driver.ts'
import { startEtcd } from '../tools/etcd.ts'
import { grpcCall } from '../tools/grpc-call.ts'
import { METHODS } from '../tools/grpc-frame.ts'
import { runH2load, SHAPES, type Shape } from '../tools/h2load.ts'
import {
  bodyOf,
  keepAliveCall,
  leaseGrantCall,
  putCall,
  rangeCall,
  sawData,
  sawWrites,
  type PeerCall,
} from './peer-calls.ts'
import { DRIVER_CORE, MEASURED_CORE } from './scenario.ts'

/** The best that etcd did at one thing. */
export interface PeerFigure {
  readonly perSecond: number
  /** How it was asked. */
  readonly how: string
  readonly cpu: CpuUse
  readonly answerBytes: number
}

/** What etcd did for a program on Node. */
export interface ClientFigure extends WriterReport {
  readonly cpu: CpuUse
  /** Of the program. */
  readonly clientCpu: number
}

const WARM_UP_SECONDS = 1
const WRITTEN_WITHIN_MS = 120_000

export class Peers {
  readonly #tools: Tools
  readonly #seconds: number
  readonly #known = new Map<string, Promise<PeerFigure>>()

  constructor(tools: Tools, seconds: number) {
    this.#tools = tools
    this.#seconds = seconds
  }

  /** Serializable reads of `bytes` in all: one key, or `keys` of them, whichever it does faster. */
  range(bytes: number, keys: number): Promise<PeerFigure> {
    return this.#once(`range ${bytes} ${keys}`, async () => {
      const one = await this.#measure(rangeCall(bytes, 1))
      if (keys === 1) return one
      const many = await this.#measure(rangeCall(bytes, keys))
      return one.perSecond > many.perSecond ? one : many
    })
  }

  /** Writes of a value of so many bytes. */
  put(bytes: number): Promise<PeerFigure> {
    return this.#best(putCall(bytes))
  }

  leaseGrant(): Promise<PeerFigure> {
    return this.#best(leaseGrantCall())
  }

  /** Requests that keep so many leases alive each. */
  keepAlive(count: number): Promise<PeerFigure> {
    return this.#best(keepAliveCall(count))
  }

  /** Writes by a program on Node, with the client for gRPC that everybody uses. */
  async putByNode(writing: Omit<Writing, 'who' | 'url' | 'seconds'>): Promise<ClientFigure> {
    await using etcd = await startEtcd(this.#tools, MEASURED_CORE)
    const input: Writing = { ...writing, who: 'etcd', url: etcd.url, seconds: this.#seconds }
    await using driver = new Driver('writers', DRIVER_CORE, input)
    await driver.report('warm', WRITTEN_WITHIN_MS)
    const [cpu, clientCpu] = [cpuUse(etcd.pid), cpuUse(driver.child.pid)]
    const report = await driver.report<WriterReport>('written', WRITTEN_WITHIN_MS)
    await sawWrites(etcd, report.count)
    return { ...report, cpu: cpu(), clientCpu: clientCpu().process }
  }

  #best(call: PeerCall): Promise<PeerFigure> {
    return this.#once(call.what, () => this.#measure(call))
  }

  #once(key: string, measure: () => Promise<PeerFigure>): Promise<PeerFigure> {
    const known = this.#known.get(key) ?? measure()
    this.#known.set(key, known)
    return known
  }

  async #measure(call: PeerCall): Promise<PeerFigure> {
    let best: PeerFigure | undefined
    for (const shape of SHAPES) {
      const figure = await this.#measureIn(shape, call)
      if (!best || figure.perSecond > best.perSecond) best = figure
    }
    if (!best) throw new Error('There is no shape to measure in.')
    return best
  }

  async #measureIn(shape: Shape, call: PeerCall): Promise<PeerFigure> {
    // A new one each time, so that none works on what the others have left behind.
    await using etcd = await startEtcd(this.#tools, MEASURED_CORE)
    await call.prepare?.(etcd)
    const { dataBytes } = await grpcCall(etcd.url, call.method, ...call.messages)
    const run = (seconds: number) =>
      runH2load({
        program: this.#tools.h2load,
        env: this.#tools.env,
        core: DRIVER_CORE,
        url: `${etcd.url}${call.method}`,
        body: bodyOf(call),
        shape,
        seconds,
      })
    await run(WARM_UP_SECONDS)
    const cpu = cpuUse(etcd.pid)
    const result = await run(this.#seconds)
    const used = cpu()
    const how = `${call.what}, ${shape.connections} × ${shape.streams}`
    sawData(how, dataBytes, result)
    if (call.method === METHODS.put) await sawWrites(etcd, result.requests)
    return { perSecond: result.perSecond, how, cpu: used, answerBytes: dataBytes }
  }
}
