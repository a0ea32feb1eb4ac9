/**
 * Where others' channels come in, on the node's one port.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, Logger } from '@rollcall/runtime'
import { WebSocketServer, type WebSocket } from 'ws'
import type { PeerIdentity, PeerListener } from '../../instances/index.ts'
import { Channel } from './channel.ts'
import { MessageDecoder } from './codec.ts'
import { HANDSHAKE_MAX_BYTES, MESSAGE_MAX_BYTES, PEER_PATH } from './constants.ts'
import { Handshake } from './handshake.ts'
import type { PeerRefusal } from './refusals.ts'

/** What the HTTP server hands to the transport between nodes. */
export interface PeerAcceptor {
  /** The one path at which a request may become a channel. */
  readonly path: string
  /** Takes over a connection whose request asked for it there. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Takes nobody in any more, and ends the channels that came in. */
  close(): void
  /** Ends them at once. */
  cutOff(): void
}

export interface DoorOptions {
  readonly listener: Pick<PeerListener, 'identity' | 'accepted' | 'received'>
  readonly secret: string | undefined
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>
  readonly log: Logger
  readonly metrics: { refused(reason: PeerRefusal): void }
}

/** Strangers can knock without end; the log has room for one of them now and then. */
const LOG_EVERY_MS = 10_000

export class Door implements PeerAcceptor {
  readonly path = PEER_PATH
  readonly #options: DoorOptions
  readonly #channels = new Set<Channel>()
  readonly #loggedAtMs = new Map<PeerRefusal, number>()
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_MAX_BYTES,
  })
  #isClosed = false
  #whenEmpty: () => void = () => {}

  constructor(options: DoorOptions) {
    this.#options = options
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#admit(webSocket, socket, request.socket.remoteAddress)
    })
  }

  close(): void {
    if (!this.#isClosed) this.#server.close()
    this.#isClosed = true
    for (const channel of this.#channels) channel.close()
  }

  cutOff(): void {
    for (const channel of this.#channels) channel.cutOff()
  }

  /** Resolves once nobody is in. */
  async empty(): Promise<void> {
    if (this.#channels.size === 0) return
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve
    })
  }

  #admit(webSocket: WebSocket, socket: Duplex, from: string | undefined): void {
    const { listener, secret, clock } = this.#options
    const handshake = new Handshake('accepter', listener.identity(), secret)
    let receive: ((text: string) => void) | undefined
    const channel = new Channel(webSocket, clock, {
      said: (text) => {
        if (receive) {
          receive(text)
          return
        }
        const step = handshake.take(text)
        if (step.kind === 'refuse') channel.refuse(step.reason)
        if (step.kind === 'refuse' || step.text === undefined) return
        channel.say(step.text)
        if (step.kind !== 'open') return
        trust()
        receive = this.#open(channel, step.peer)
      },
      ended: (end) => {
        this.#channels.delete(channel)
        if (this.#channels.size === 0) this.#whenEmpty()
        if (end.kind === 'refused' && !end.told) this.#tell(end.reason, from)
      },
    })
    const trust = limitBytes(socket, () => {
      channel.refuse('too_big')
    })
    this.#channels.add(channel)
  }

  /** Somebody has proved to be a peer. Answers what is done with what it says. */
  #open(channel: Channel, peer: PeerIdentity): (text: string) => void {
    const { listener } = this.#options
    channel.opened()
    const self = listener.identity()
    // Whoever passes our own proofs back to us could speak in our name.
    if (peer.node === self.node && peer.inc === self.inc) return () => {}
    const decoder = new MessageDecoder()
    listener.accepted(peer)
    return (text) => {
      const message = decoder.decode(text)
      if (message) listener.received(peer.node, message)
      else channel.refuse('garbage')
    }
  }

  #tell(reason: PeerRefusal, from: string | undefined): void {
    const { clock, log, metrics } = this.#options
    metrics.refused(reason)
    const nowMs = clock.monotonicMs()
    if (nowMs - (this.#loggedAtMs.get(reason) ?? -LOG_EVERY_MS) < LOG_EVERY_MS) return
    this.#loggedAtMs.set(reason, nowMs)
    log.warn({ reason, from }, 'refused somebody who came in as a peer')
  }
}

/** Calls `act`, before anybody reads it, for every chunk beyond what a handshake needs, until the returned function is called. */
function limitBytes(socket: Duplex, act: () => void): () => void {
  let bytes = 0
  const count = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > HANDSHAKE_MAX_BYTES) act()
  }
  socket.prependListener('data', count)
  return () => {
    socket.off('data', count)
  }
}
