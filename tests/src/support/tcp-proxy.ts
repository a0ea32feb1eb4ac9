/**
 * A cable between two processes that can be cut, mended, broken and made slow.
 *
 * A cut cable behaves as a cut cable does: nothing is refused and nothing is closed, bytes just
 * do not arrive. What was under way arrives once it is mended, as TCP would send it again.
 *
 * @module
 */

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { TcpLane, type Cable } from './tcp-lane.ts'

/** A port of its own that leads to another. Disposing closes it and whatever goes through it. */
export class TcpProxy implements Cable, AsyncDisposable {
  /** Where it leads, as `HOST:PORT`; if that is nowhere, who comes is hung up on. */
  readonly target: string | undefined
  /** How long each byte takes, in both directions. */
  delayMs = 0
  /** How many bytes have come through, in both directions. */
  carriedBytes = 0
  /** Whether it is cut. */
  isCut = false
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #lanes = new Set<TcpLane>()
  /** Those that came while it was cut. */
  readonly #waiting: Socket[] = []

  private constructor(server: Server, target: string | undefined) {
    this.#server = server
    this.target = target
    server.on('connection', (socket) => {
      this.#take(socket)
    })
  }

  /** Opens one on a free port of loopback. Nobody needs to be at `target` yet. */
  static async open(target?: string): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TcpProxy(server, target)
  }

  /** Where to connect to, as `HOST:PORT`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** How many connections go through it now. */
  get connections(): number {
    return this.#lanes.size / 2
  }

  /** Lets nothing through any more, in either direction, the ends of connections included. */
  cut(): void {
    this.isCut = true
    for (const lane of this.#lanes) lane.look()
  }

  /** Lets through again what waits, and all that follows. */
  mend(): void {
    this.isCut = false
    for (const lane of this.#lanes) lane.look()
    for (const socket of this.#waiting.splice(0)) this.#take(socket)
  }

  /** Breaks every connection; new ones are let through. */
  breakAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #take(socket: Socket): void {
    this.#keep(socket)
    if (socket.destroyed) return
    if (this.isCut) this.#waiting.push(socket)
    else if (this.target === undefined) socket.destroy()
    else this.#lead(socket, this.target)
  }

  #lead(client: Socket, target: string): void {
    const { hostname, port } = new URL(`tcp://${target}`)
    const server = connect({
      host: hostname,
      port: Number(port),
      allowHalfOpen: true,
      noDelay: true,
    })
    this.#keep(server)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const lane = new TcpLane(this, { from, to }, () => this.#lanes.delete(lane))
      this.#lanes.add(lane)
    }
  }

  #keep(socket: Socket): void {
    if (this.#sockets.has(socket)) return
    this.#sockets.add(socket)
    // Whoever hangs up without a word is told of by `close` as well.
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#sockets.delete(socket)
    })
  }
}
