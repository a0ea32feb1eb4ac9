/**
 * The way to a member of etcd for its peers. Each peer goes by a cable of its own, which can be
 * cut: who comes says so in the first words of its first request.
 *
 * @module
 */

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { TcpProxy } from '../../support/tcp-proxy.ts'

/** etcd's peers speak HTTP and name themselves in each request. A connection is of one of them. */
const SENDER = /\r\nx-server-from: ([0-9a-f]+)\r\n/i

export class PeerDoor implements AsyncDisposable {
  readonly #server: Server
  readonly #target: string
  readonly #sockets = new Set<Socket>()
  readonly #cables = new Map<string, Promise<TcpProxy>>()
  readonly #cutFrom = new Set<string>()
  #isShut = false

  private constructor(server: Server, target: string) {
    this.#server = server
    this.#target = target
    server.on('connection', (socket) => {
      this.#take(socket)
    })
  }

  /** Opens one before `HOST:PORT`. */
  static async before(target: string): Promise<PeerDoor> {
    const server = createServer({ noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new PeerDoor(server, target)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Lets nothing through between this member and a peer, on the connections that the peer made. */
  async cut(peerId: string): Promise<void> {
    this.#cutFrom.add(peerId)
    await this.#look(peerId)
  }

  async mend(peerId: string): Promise<void> {
    this.#cutFrom.delete(peerId)
    await this.#look(peerId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isShut = true
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    for (const cable of this.#cables.values()) await (await cable)[Symbol.asyncDispose]()
    await closed
  }

  async #look(peerId: string): Promise<void> {
    const cable = await this.#cableOf(peerId)
    if (this.#cutFrom.has(peerId)) cable.cut()
    else cable.mend()
  }

  #cableOf(peerId: string): Promise<TcpProxy> {
    const known = this.#cables.get(peerId) ?? TcpProxy.open(this.#target)
    this.#cables.set(peerId, known)
    return known
  }

  #take(socket: Socket): void {
    this.#keep(socket)
    let head = ''
    const listen = (chunk: Buffer) => {
      head += chunk.toString('latin1')
      const [, sender] = SENDER.exec(head) ?? []
      const isWhole = head.includes('\r\n\r\n')
      if (sender === undefined && !isWhole) return
      socket.off('data', listen)
      socket.pause()
      // Who does not say is a prober, or somebody else; it goes by a cable that nobody cuts.
      void this.#lead(socket, { sender: sender ?? '', head: Buffer.from(head, 'latin1') })
    }
    socket.on('data', listen)
  }

  async #lead(socket: Socket, { sender, head }: { sender: string; head: Buffer }): Promise<void> {
    const cable = await this.#cableOf(sender)
    if (this.#isShut || socket.destroyed) return
    const [host, port] = cable.address.split(':')
    const onward = connect({ host: host ?? '', port: Number(port), noDelay: true })
    this.#keep(onward)
    onward.write(head)
    socket.pipe(onward).pipe(socket)
    socket.once('close', () => onward.destroy())
    onward.once('close', () => socket.destroy())
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }
}
