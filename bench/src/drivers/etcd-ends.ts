/**
 * A put at one member of etcd, and a watch of all such keys at another.
 *
 * @module
 */

import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import { GRPC_HEADERS } from '../tools/grpc-call.ts'
import { grpcFrame, METHODS, put, watchFrom } from '../tools/grpc-frame.ts'
import { MarkScanner, type MarkForm } from './marks.ts'
import type { Ends } from './travel.ts'

export interface EtcdEndsOptions {
  readonly writeUrl: string
  readonly watchUrl: string
  /** All keys lie between these. */
  readonly from: string
  readonly upTo: string
  readonly keyOf: (change: number) => string
  readonly valueOf: (change: number) => string
  /** What the number of a change looks like, in its key or its value. */
  readonly mark?: MarkForm
}

export class EtcdEnds implements Ends {
  readonly #options: EtcdEndsOptions
  readonly #writer: ClientHttp2Session
  readonly #watcher: ClientHttp2Session

  constructor(options: EtcdEndsOptions) {
    this.#options = options
    this.#writer = connect(options.writeUrl)
    this.#watcher = connect(options.watchUrl)
  }

  async watch(found: (change: number) => void): Promise<void> {
    const stream = this.#watcher.request({
      ':method': 'POST',
      ':path': METHODS.watch,
      ...GRPC_HEADERS,
    })
    const { from, upTo, mark } = this.#options
    const scanner = new MarkScanner(mark)
    stream.write(grpcFrame(watchFrom(from, upTo)))
    stream.on('close', () => {
      throw new Error('etcd closed the watch.')
    })
    // Its first answer says that the watch was created.
    await once(stream, 'data')
    stream.on('data', (chunk: Buffer) => {
      scanner.feed(chunk, found)
    })
  }

  async write(change: number): Promise<void> {
    const stream = this.#writer.request({
      ':method': 'POST',
      ':path': METHODS.put,
      ...GRPC_HEADERS,
    })
    let status: unknown
    stream.on('trailers', (headers: Record<string, unknown>) => {
      status = headers['grpc-status']
    })
    stream.resume()
    const { keyOf, valueOf } = this.#options
    stream.end(grpcFrame(put(keyOf(change), valueOf(change))))
    await once(stream, 'close')
    if (status !== '0') throw new Error(`A put ended with gRPC status ${String(status)}.`)
  }
}
