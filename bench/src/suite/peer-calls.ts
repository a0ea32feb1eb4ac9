/**
 * The calls of etcd that are measured, what has to be there before, and how to tell that they
 * did what they should.
 *
 * @module
 */

import type { Etcd } from '../tools/etcd.ts'
import { grpcCall } from '../tools/grpc-call.ts'
import {
  grpcFrame,
  leaseGrant,
  leaseKeepAlive,
  linearizableRange,
  METHODS,
  put,
  revisionOf,
  serializableRange,
  type Message,
} from '../tools/grpc-frame.ts'
import type { H2loadResult } from '../tools/h2load.ts'

/** One request of a driver of load. */
export interface PeerCall {
  readonly what: string
  readonly method: string
  /** More than one only of a method that takes a stream. */
  readonly messages: readonly Message[]
  readonly prepare?: (etcd: Pick<Etcd, 'url'>) => Promise<void>
}

const GRANT_TTL_SECONDS = 90
/** Longer than any run. */
const KEPT_TTL_SECONDS = 3_600
/** Revisions grow while it runs, and with them the numbers in an answer. */
const BYTES_TOLERATED = 16
const UNDER_WAY = 64
const KEY = 'bench/key'
const RANGE = { from: 'bench/', to: 'bench0' }

/** Writes of a value of so many bytes. All write one key, which is the least work for it. */
export function putCall(bytes: number): PeerCall {
  const messages = [put(KEY, 'x'.repeat(bytes))]
  return { what: `put of ${bytes} bytes`, method: METHODS.put, messages }
}

export function leaseGrantCall(): PeerCall {
  const messages = [leaseGrant(GRANT_TTL_SECONDS)]
  return { what: 'lease grant', method: METHODS.leaseGrant, messages }
}

/** Keeps `count` leases alive with each request. */
export function keepAliveCall(count: number): PeerCall {
  const ids = Array.from({ length: count }, (_, at) => at + 1)
  const prepare = async ({ url }: Pick<Etcd, 'url'>) => {
    for (const id of ids) await grpcCall(url, METHODS.leaseGrant, leaseGrant(KEPT_TTL_SECONDS, id))
  }
  const what = count === 1 ? 'keep-alive' : `keep-alives, ${count} to a request`
  return { what, method: METHODS.leaseKeepAlive, messages: ids.map(leaseKeepAlive), prepare }
}

/** A read whose answer is of so many bytes, over so many keys. */
export function rangeCall(bytes: number, keys: number): PeerCall {
  const message = keys === 1 ? serializableRange(KEY) : serializableRange(RANGE.from, RANGE.to)
  const what = `serializable range of ${keys} keys, ${bytes} bytes`
  const write = async ({ url }: Pick<Etcd, 'url'>, each: number) => {
    for (let at = 0; at < keys; at += 1) {
      const key = keys === 1 ? KEY : `${RANGE.from}${String(at).padStart(6, '0')}`
      await grpcCall(url, METHODS.put, put(key, 'x'.repeat(each)))
    }
  }
  const prepare = async (etcd: Pick<Etcd, 'url'>) => {
    let each = Math.floor(bytes / keys)
    await write(etcd, each)
    // What stands around the values counts too, so they have to be smaller by that.
    const { dataBytes } = await grpcCall(etcd.url, METHODS.range, message)
    each -= Math.round((dataBytes - bytes) / keys)
    await write(etcd, each)
  }
  return { what, method: METHODS.range, messages: [message], prepare }
}

/** The read of one key that is like this one, but sees every write that was confirmed before. */
export function linearizable(call: PeerCall): PeerCall {
  const what = call.what.replace('serializable', 'linearizable')
  return { ...call, what, messages: [linearizableRange(KEY)] }
}

export function bodyOf({ messages }: PeerCall): Buffer {
  return Buffer.concat(messages.map(grpcFrame))
}

/**
 * Fails unless the answers had the data that one answer had before: gRPC tells of failures
 * behind a status 200, and a failed call has none. What is under way when time is up has
 * brought data, too, and is no request yet.
 */
export function sawData(
  how: string,
  dataBytes: number,
  { dataBytesEach, requests }: H2loadResult,
): void {
  const most = (dataBytes + BYTES_TOLERATED) * (1 + UNDER_WAY / requests)
  if (dataBytesEach >= dataBytes - BYTES_TOLERATED && dataBytesEach <= most) return
  const got = `${dataBytesEach} bytes instead of ${dataBytes}`
  throw new Error(`An average answer of etcd to ${how} was ${got}.`)
}

/** Fails unless so many writes have really happened. */
export async function sawWrites({ url }: Etcd, count: number): Promise<void> {
  const { message } = await grpcCall(url, METHODS.range, serializableRange(KEY))
  const revision = revisionOf(message)
  if (revision < count) throw new Error(`etcd confirmed ${count} puts and is at ${revision}.`)
}
