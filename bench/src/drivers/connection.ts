/**
 * One keep-alive connection to a node, with one request under way at a time.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'
import { ResponseReader, type HttpAnswer } from './response-reader.ts'

interface Pending {
  readonly resolve: (answer: HttpAnswer) => void
  readonly reject: (error: Error) => void
}

/** A request as it is written. */
export interface HttpRequest {
  readonly method: string
  readonly path: string
  /** Whole lines, each with its end. */
  readonly headers?: string
  readonly body?: string | undefined
}

export class Connection {
  readonly #url: URL
  #socket: Socket | undefined
  #pending: Pending | undefined

  /** Connects to the node behind a URL with the first request, and again if it hung up in between. */
  constructor(url: string) {
    this.#url = new URL(url)
  }

  /** Makes a request with a body of JSON, if any. The body of the answer is valid until the next. */
  request(method: string, path: string, json?: string): Promise<HttpAnswer> {
    const headers = json === undefined ? '' : 'Content-Type: application/json\r\n'
    return this.send({ method, path, headers, body: json })
  }

  /** Makes any request. The body of the answer is valid until the next. */
  send({ method, path, headers = '', body = '' }: HttpRequest): Promise<HttpAnswer> {
    const length = Buffer.byteLength(body)
    const head = `${method} ${path} HTTP/1.1\r\nHost: ${this.#url.host}\r\n${headers}Content-Length: ${length}\r\n\r\n`
    this.#socket ??= this.#connect()
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
      socket.write(head + body)
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #connect(): Socket {
    const { hostname, port } = this.#url
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const reader = new ResponseReader((answer) => {
      const pending = this.#pending
      this.#pending = undefined
      pending?.resolve(answer)
    })
    socket.on('data', (chunk) => {
      reader.feed(chunk)
    })
    // The node hangs up on who says nothing for long; only an unanswered request is a failure.
    const fail = (error: Error) => {
      if (this.#socket === socket) this.#socket = undefined
      this.#pending?.reject(error)
      this.#pending = undefined
    }
    socket.on('error', fail)
    socket.on('end', () => {
      fail(new Error('The node hung up.'))
    })
    socket.on('close', () => {
      fail(new Error('The connection was lost.'))
    })
    return socket
  }
}

/** Makes a request that must be answered with success. */
export async function mustSucceed(
  connection: Connection,
  ...request: readonly [method: string, path: string, json?: string]
): Promise<HttpAnswer> {
  const answer = await connection.request(...request)
  if (answer.status < 300) return answer
  const [method, path] = request
  throw new Error(`${method} ${path} was answered with ${answer.status}: ${String(answer.body)}`)
}
