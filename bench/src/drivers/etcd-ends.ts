/**
 * A put at one member of etcd, and a watch of all such keys at another.
 *
 * @module
 */

import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import { idOf, registrationOf, serviceOf, type Workload } from '../instances/workload.ts'
import { GRPC_HEADERS } from '../tools/grpc-call.ts'
import { grpcFrame, METHODS, put, watchFrom } from '../tools/grpc-frame.ts'
import type { Ends } from './across.ts'
import { markedOf, MarkScanner } from './marks.ts'

const FROM = 'bench/'
const UP_TO = 'bench0'

export class EtcdEnds implements Ends {
  readonly #workload: Workload
  readonly #writer: ClientHttp2Session
  readonly #watcher: ClientHttp2Session

  constructor(options: { writeUrl: string; watchUrl: string; workload: Workload }) {
    this.#workload = options.workload
    this.#writer = connect(options.writeUrl)
    this.#watcher = connect(options.watchUrl)
  }

  async watch(found: (change: number) => void): Promise<void> {
    const stream = this.#watcher.request({
      ':method': 'POST',
      ':path': METHODS.watch,
      ...GRPC_HEADERS,
    })
    const scanner = new MarkScanner()
    stream.write(grpcFrame(watchFrom(FROM, UP_TO)))
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
    const key = `${FROM}${serviceOf(this.#workload, change)}/${idOf(change)}`
    const value = markedOf(registrationOf(this.#workload, change), change)
    stream.end(grpcFrame(put(key, value)))
    await once(stream, 'close')
    if (status !== '0') throw new Error(`A put ended with gRPC status ${String(status)}.`)
  }
}
