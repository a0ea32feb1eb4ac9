/**
 * A TCP proxy on loopback that can keep back what the server says: requests arrive and are done,
 * and their answers are lost.
 *
 * @module
 */

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class MuteProxy implements AsyncDisposable {
  readonly url: string
  readonly #server: Server
  readonly #pairs: Set<readonly [Socket, Socket]>
  #isMute = false

  private constructor(server: Server, pairs: Set<readonly [Socket, Socket]>) {
    this.#server = server
    this.#pairs = pairs
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async before(url: string): Promise<MuteProxy> {
    const { port } = new URL(url)
    const pairs = new Set<readonly [Socket, Socket]>()
    const isMute = { value: () => false }
    const server = createServer((client) => {
      const upstream = connect(Number(port), '127.0.0.1')
      const pair = [client, upstream] as const
      pairs.add(pair)
      client.pipe(upstream)
      upstream.on('data', (bytes) => {
        if (!isMute.value()) client.write(bytes)
      })
      for (const socket of pair) {
        socket.on('error', () => {})
        socket.on('close', () => {
          pairs.delete(pair)
          for (const other of pair) other.destroy()
        })
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new MuteProxy(server, pairs)
    isMute.value = () => proxy.#isMute
    return proxy
  }

  /** From now on no answer arrives. */
  mute(): void {
    this.#isMute = true
  }

  /** Breaks what was muted, and lets answers through on new connections. */
  breakOff(): void {
    for (const [client] of this.#pairs) client.destroy()
    this.#isMute = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.breakOff()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
