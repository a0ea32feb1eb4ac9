/**
 * Nodes that do nothing but talk: a transport behind an HTTP server of loopback, and what it told.
 *
 * @module
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { seededRandom, silentLog, start, type Logger } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { WebSocket, WebSocketServer, type RawData } from 'ws'
import type { PeerIdentity, PeerListener, PeerMessage } from '../../../instances/index.ts'
import { soon } from '../../../testing/index.ts'
import { PEER_PATH } from '../constants.ts'
import { createPeerTransport, type PeerRefusal, type WsPeerTransport } from '../index.ts'

export interface NodeSetUp {
  readonly node: string
  readonly secret?: string
  readonly inc?: number
  /** 0 for any. */
  readonly port?: number
  readonly log?: Logger
}

/** What a transport told its listener, in the order of it. */
export interface Told {
  readonly connected: (readonly [address: string, peer: PeerIdentity])[]
  readonly disconnected: (readonly [address: string, node: string])[]
  readonly accepted: PeerIdentity[]
  readonly received: (readonly [node: string, message: PeerMessage])[]
  readonly refused: (readonly [address: string, reason: string])[]
  readonly counted: PeerRefusal[]
}

export interface TestNode extends AsyncDisposable {
  readonly address: string
  readonly port: number
  readonly clock: FakeClock
  readonly transport: WsPeerTransport
  readonly told: Told
  readonly identity: PeerIdentity
  /** Its ends of the connections that others made. */
  readonly sockets: readonly Socket[]
  /** Asks for a channel and has it dialled. */
  connect(address: string): Promise<void>
}

/** Starts a node of zone `z1` that listens and runs. */
export async function startNode({ node, secret, inc = 1, port = 0, log }: NodeSetUp) {
  const clock = new FakeClock()
  const told: Told = {
    connected: [],
    disconnected: [],
    accepted: [],
    received: [],
    refused: [],
    counted: [],
  }
  const server = createServer()
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  const address = `127.0.0.1:${bound}`
  const identity = { node, zone: 'z1', inc, address }
  const listener: PeerListener = {
    identity: () => identity,
    connected: (...what) => told.connected.push(what),
    disconnected: (...what) => told.disconnected.push(what),
    accepted: (peer) => told.accepted.push(peer),
    received: (...what) => told.received.push(what),
    refused: (...what) => told.refused.push(what),
  }
  const transport = createPeerTransport({
    listener,
    secret,
    clock,
    random: seededRandom(1),
    log: log ?? silentLog,
    metrics: { refused: (reason) => told.counted.push(reason) },
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    transport.acceptor.accept(request, socket, head)
  })
  const running = start(transport)
  return {
    address,
    port: bound,
    clock,
    transport,
    told,
    identity,
    sockets,
    async connect(to) {
      transport.connect(to)
      await clock.advance(0)
    },
    async [Symbol.asyncDispose]() {
      server.close()
      const stopped = running[Symbol.asyncDispose]()
      // Whoever does not answer a close is cut off after a while.
      const driver = drive(clock)
      await stopped
      driver.stop()
    },
  } satisfies TestNode
}

/** Two nodes, the first of which has a channel to the second. */
export async function startPair(secret?: string) {
  const withSecret = secret === undefined ? {} : { secret }
  const a = await startNode({ node: 'a', ...withSecret })
  const b = await startNode({ node: 'b', ...withSecret })
  await a.connect(b.address)
  await soon('a is connected', () => a.told.connected.length === 1)
  return {
    a,
    b,
    async [Symbol.asyncDispose]() {
      await a[Symbol.asyncDispose]()
      await b[Symbol.asyncDispose]()
    },
  }
}

/** Moves a clock on while real sockets do their part. */
export function drive(clock: FakeClock): { stop(): void } {
  const stopping = new AbortController()
  const step = async () => {
    while (!stopping.signal.aborted) await clock.advance(50)
  }
  void step()
  return {
    stop() {
      stopping.abort()
    },
  }
}

/** Somebody with a WebSocket who may say anything. */
export interface Stranger {
  readonly socket: WebSocket
  readonly heard: string[]
  /** The code with which it was closed. */
  code(): number | undefined
}

/** Dials a node without being one. */
export async function dialAsStranger(address: string): Promise<Stranger> {
  const socket = new WebSocket(`ws://${address}${PEER_PATH}`, { perMessageDeflate: false })
  const stranger = listenTo(socket)
  await once(socket, 'open')
  return stranger
}

/** Listens as somebody who is dialled and answers with `answer`. */
export async function answerAsStranger(answer: (text: string, socket: WebSocket) => void) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const strangers: Stranger[] = []
  server.on('connection', (socket) => {
    strangers.push(listenTo(socket))
    socket.on('message', (data: RawData) => {
      answer((data as Buffer).toString(), socket)
    })
  })
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    strangers,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

function listenTo(socket: WebSocket): Stranger {
  const heard: string[] = []
  let closedWith: number | undefined
  socket.on('message', (data: RawData) => heard.push((data as Buffer).toString()))
  socket.on('close', (code) => {
    closedWith = code
  })
  socket.on('error', () => {})
  return { socket, heard, code: () => closedWith }
}
