/**
 * A client that reads when it pleases, and may hang up its own side first.
 *
 * @module
 */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { until } from '@rollcall/runtime/testing'

/** A connection that reads nothing until told to. Disposing cuts it. */
export class LazySocket implements Disposable {
  /** All that was read so far. */
  received = ''
  /** Whether the server has said that nothing more comes. */
  hasEnded = false
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    // That a server resets such a connection is its right.
    socket.on('error', () => {})
  }

  static async open(url: string): Promise<LazySocket> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    await once(socket, 'connect')
    return new LazySocket(socket)
  }

  send(bytes: string): void {
    this.#socket.write(bytes)
  }

  /** Says that nothing more is sent; what comes back can still be read. */
  finish(): void {
    this.#socket.end()
  }

  /** Reads from now on, what waits included. */
  read(): void {
    this.#socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1')
    })
    this.#socket.once('end', () => {
      this.hasEnded = true
    })
  }

  /** Waits for something in what was read. */
  async receives(pattern: RegExp, withinMs: number): Promise<void> {
    const came = () => pattern.test(this.received) || undefined
    await until(`the server answered ${pattern}`, came, { withinMs })
  }

  /** Waits until the server has hung up too. */
  async ends(withinMs: number): Promise<void> {
    await until('the server hung up', () => this.hasEnded || undefined, { withinMs })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
