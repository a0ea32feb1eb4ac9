/**
 * What etcd does in the same run: measured when first asked for, and once.
 *
 * @module
 */

import type { Tools } from '../tools/debian-packages.ts'
import { cpuUse, type CpuUse } from '../tools/cpu-time.ts'
import { startEtcd, type Etcd } from '../tools/etcd.ts'
import { grpcCall } from '../tools/grpc-call.ts'
import { leaseGrant, METHODS, put, revisionOf, serializableRange } from '../tools/grpc-frame.ts'
import type { Message } from '../tools/grpc-frame.ts'
import { runH2load, SHAPES, type H2loadResult, type Shape } from '../tools/h2load.ts'
import { DRIVER_CORE, MEASURED_CORE } from './scenario.ts'

/** The best that etcd did at one thing. */
export interface PeerFigure {
  readonly perSecond: number
  /** How it was asked. */
  readonly how: string
  readonly cpu: CpuUse
  readonly answerBytes: number
}

interface Call {
  readonly what: string
  readonly method: string
  readonly message: Message
  readonly prepare?: (etcd: Etcd) => Promise<void>
}

const LEASE_TTL_SECONDS = 90
const WARM_UP_SECONDS = 1
/** Revisions grow while it runs, and with them the numbers in an answer. */
const BYTES_TOLERATED = 16
const UNDER_WAY = 64
const KEY = 'bench/key'
const RANGE = { from: 'bench/', to: 'bench0' }

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
      const one = await this.#measure(rangeOf(bytes, 1))
      const many = await this.#measure(rangeOf(bytes, keys))
      return one.perSecond > many.perSecond ? one : many
    })
  }

  /** Writes of a value of so many bytes. All write one key, which is the least work for it. */
  put(bytes: number): Promise<PeerFigure> {
    const message = put(KEY, 'x'.repeat(bytes))
    const call = { what: `put of ${bytes} bytes`, method: METHODS.put, message }
    return this.#once(call.what, () => this.#measure(call))
  }

  leaseGrant(): Promise<PeerFigure> {
    const message = leaseGrant(LEASE_TTL_SECONDS)
    const call = { what: 'lease grant', method: METHODS.leaseGrant, message }
    return this.#once(call.what, () => this.#measure(call))
  }

  #once(key: string, measure: () => Promise<PeerFigure>): Promise<PeerFigure> {
    const known = this.#known.get(key) ?? measure()
    this.#known.set(key, known)
    return known
  }

  async #measure(call: Call): Promise<PeerFigure> {
    let best: PeerFigure | undefined
    for (const shape of SHAPES) {
      const figure = await this.#measureIn(shape, call)
      if (!best || figure.perSecond > best.perSecond) best = figure
    }
    if (!best) throw new Error('There is no shape to measure in.')
    return best
  }

  async #measureIn(shape: Shape, call: Call): Promise<PeerFigure> {
    // A new one each time, so that none works on what the others have left behind.
    await using etcd = await startEtcd(this.#tools, MEASURED_CORE)
    await call.prepare?.(etcd)
    const { dataBytes } = await grpcCall(etcd.url, call.method, call.message)
    const run = (seconds: number) =>
      runH2load({
        program: this.#tools.h2load,
        env: this.#tools.env,
        core: DRIVER_CORE,
        url: `${etcd.url}${call.method}`,
        message: call.message,
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

/**
 * Fails unless the answers had the data that one answer had before: gRPC tells of failures
 * behind a status 200, and a failed call has none. What is under way when time is up has
 * brought data, too, and is no request yet.
 */
function sawData(how: string, dataBytes: number, { dataBytesEach, requests }: H2loadResult): void {
  const most = (dataBytes + BYTES_TOLERATED) * (1 + UNDER_WAY / requests)
  if (dataBytesEach >= dataBytes - BYTES_TOLERATED && dataBytesEach <= most) return
  const got = `${dataBytesEach} bytes instead of ${dataBytes}`
  throw new Error(`An average answer of etcd to ${how} was ${got}.`)
}

/** Fails unless so many writes have really happened. */
async function sawWrites({ url }: Etcd, count: number): Promise<void> {
  const { message } = await grpcCall(url, METHODS.range, serializableRange(KEY))
  const revision = revisionOf(message)
  if (revision < count) throw new Error(`etcd confirmed ${count} puts and is at ${revision}.`)
}

/** A read whose answer is of so many bytes, over so many keys. */
function rangeOf(bytes: number, keys: number): Call {
  const message = keys === 1 ? serializableRange(KEY) : serializableRange(RANGE.from, RANGE.to)
  const what = `serializable range of ${keys} keys, ${bytes} bytes`
  const write = async ({ url }: Etcd, each: number) => {
    for (let at = 0; at < keys; at += 1) {
      const key = keys === 1 ? KEY : `${RANGE.from}${String(at).padStart(6, '0')}`
      await grpcCall(url, METHODS.put, put(key, 'x'.repeat(each)))
    }
  }
  const prepare = async (etcd: Etcd) => {
    let each = Math.floor(bytes / keys)
    await write(etcd, each)
    // What stands around the values counts too, so they have to be smaller by that.
    const { dataBytes } = await grpcCall(etcd.url, METHODS.range, message)
    each -= Math.round((dataBytes - bytes) / keys)
    await write(etcd, each)
  }
  return { what, method: METHODS.range, message, prepare }
}
