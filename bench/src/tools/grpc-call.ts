/**
 * One gRPC call, to see that what is measured works: a driver of load looks at HTTP statuses
 * only, and gRPC says in trailers whether it went well.
 *
 * @module
 */

import { once } from 'node:events'
import { connect } from 'node:http2'
import { grpcFrame, grpcMessages, type Message } from './grpc-frame.ts'

export const GRPC_HEADERS = { 'content-type': 'application/grpc', te: 'trailers' } as const

/** The answer to a call, and how many bytes of data it was. */
export interface GrpcAnswer {
  /** The first, if there are several. */
  readonly message: Buffer
  /** With its frame: what the driver counts as data. */
  readonly dataBytes: number
}

/** Makes one call, of one message or a stream of them, over a connection of its own. Rejects unless the peer says that it went well. */
export async function grpcCall(
  url: string,
  method: string,
  ...messages: readonly Message[]
): Promise<GrpcAnswer> {
  const session = connect(url)
  // Told through the stream as well, which is where we listen.
  session.on('error', () => {})
  try {
    const stream = session.request({ ':method': 'POST', ':path': method, ...GRPC_HEADERS })
    let status: string | undefined
    const note = (headers: Record<string, unknown>) => {
      const told = headers['grpc-status']
      if (typeof told === 'string') status = told
    }
    stream.on('response', note)
    stream.on('trailers', note)
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.end(Buffer.concat(messages.map(grpcFrame)))
    await once(stream, 'close')
    const data = Buffer.concat(chunks)
    const [answer] = grpcMessages(data)
    if (status !== '0' || !answer) throw new Error(`${method} ended with gRPC status ${status}.`)
    return { message: answer, dataBytes: data.length }
  } finally {
    session.destroy()
  }
}
