/**
 * Something between a client and a server that takes requests on and loses answers.
 *
 * @module
 */

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class CuttingProxy implements AsyncDisposable {
  /** How many of the next answers are lost, with their connections. */
  losing = 0
  lost = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, port: number) {
    this.#server = server
    server.on('connection', (near) => {
      const far = connect(port, '127.0.0.1')
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          near.destroy()
          far.destroy()
        })
      }
      near.pipe(far)
      far.on('data', (bytes) => {
        if (this.losing > 0) {
          this.losing -= 1
          this.lost += 1
          near.destroy()
        } else near.write(bytes)
      })
    })
  }

  /** Opens one before a port of this machine. */
  static async open(port: number): Promise<CuttingProxy> {
    const server = createServer()
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    return new CuttingProxy(server, port)
  }

  /** Connections that are there now. */
  get open(): number {
    return [...this.#sockets].filter((socket) => !socket.destroyed).length / 2
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve)
    })
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
