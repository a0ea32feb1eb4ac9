/**
 * A bare TCP connection, for what no HTTP client would do.
 *
 * @module
 */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { until } from '@rollcall/runtime/testing'

/** A connection that sends what it is told. Disposing cuts it. */
export class RawSocket implements Disposable {
  /** All that came back so far. */
  received = ''
  /** Whether the server has closed it. */
  hasEnded = false
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1')
    })
    // That a server resets such a connection is its right.
    socket.on('error', () => {})
    socket.once('close', () => {
      this.hasEnded = true
    })
  }

  /** Connects to the server behind a URL. */
  static async open(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port) })
    await once(socket, 'connect')
    return new RawSocket(socket)
  }

  /** Sends bytes, and says nothing more until told to. */
  send(bytes: string | Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes)
  }

  /** Reads nothing from now on: what the server sends stays in the queues between. */
  stopReading(): void {
    this.#socket.pause()
  }

  /** Waits for something in what came back. */
  async receives(pattern: RegExp, withinMs = 15_000): Promise<void> {
    const came = () => pattern.test(this.received) || undefined
    await until(`the server answered ${pattern}`, came, { withinMs })
  }

  /** Waits until the server has closed the connection. */
  async closed(withinMs: number): Promise<void> {
    const ended = () => this.hasEnded || undefined
    await until('the server closed the connection', ended, { withinMs })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** Connections, each with what was sent over it. */
export interface RawSockets extends Disposable {
  readonly sent: readonly { readonly socket: RawSocket; readonly bytes: Uint8Array }[]
}

/** Opens a connection for each of the messages, and sends it. */
export async function openAll(url: string, messages: readonly Uint8Array[]): Promise<RawSockets> {
  const sent: { socket: RawSocket; bytes: Uint8Array }[] = []
  for (const bytes of messages) {
    const socket = await RawSocket.open(url)
    socket.send(bytes)
    sent.push({ socket, bytes })
  }
  return {
    sent,
    [Symbol.dispose]() {
      for (const { socket } of sent) socket[Symbol.dispose]()
    },
  }
}
