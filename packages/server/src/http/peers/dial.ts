/**
 * Our channel to one address: dialled, kept, and dialled again when it breaks.
 *
 * @module
 */

import { Backoff, type Actor, type Clock, type Logger, type Random } from '@rollcall/runtime'
import { WebSocket } from 'ws'
import type { PeerIdentity, PeerListener, PeerMessage } from '../../instances/index.ts'
import { Channel, type ChannelEnd } from './channel.ts'
import { encodeMessage } from './codec.ts'
import {
  FULL_AT_BYTES,
  HANDSHAKE_MAX_BYTES,
  MESSAGE_MAX_BYTES,
  PEER_PATH,
  REDIAL_FIRST_MS,
  REDIAL_MAX_MS,
} from './constants.ts'
import { Handshake, type HandshakeStep } from './handshake.ts'
import { refusalSentence, type PeerRefusal } from './refusals.ts'

/** What a dial tells. */
export type DialListener = Pick<PeerListener, 'identity' | 'connected' | 'disconnected' | 'refused'>

export interface DialOptions {
  readonly listener: DialListener
  readonly secret: string | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: { refused(reason: PeerRefusal): void }
}

/** `host:port`, where a host in brackets may hold colons. */
const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/

export class Dial implements Actor {
  readonly #address: string
  readonly #options: DialOptions
  #open: { readonly peer: PeerIdentity; readonly channel: Channel } | undefined
  /** What the listener was told last; the same again and again is no news. */
  #told: string | undefined

  constructor(address: string, options: DialOptions) {
    this.#address = address
    this.#options = options
  }

  /** The node at the other end, while the channel is open. */
  get node(): string | undefined {
    return this.#open?.peer.node
  }

  /** Sends a message; false where the channel is full, or was never to take so much. */
  send(message: PeerMessage): boolean {
    const channel = this.#open?.channel
    if (!channel || channel.waitingBytes > FULL_AT_BYTES) return false
    const text = encodeMessage(message)
    const bytes = Buffer.byteLength(text)
    if (bytes > MESSAGE_MAX_BYTES) {
      this.#options.log.error({ kind: message.kind, bytes }, 'a message is too big to be sent')
      return false
    }
    channel.say(text)
    return true
  }

  /** Dials until `signal` aborts; tells nothing more from then on. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options
    const url = urlOf(this.#address)
    const backoff = new Backoff({ firstMs: REDIAL_FIRST_MS, maxMs: REDIAL_MAX_MS, random })
    // Whoever asked for the channel hears of it after that call has returned.
    if (!(await clock.sleep(0, signal))) return
    if (!url) {
      this.#refused('it is not HOST:PORT')
      return
    }
    do {
      if (await this.#attempt(url, signal)) backoff.reset()
    } while (await clock.sleep(backoff.nextMs(), signal))
  }

  /** Dials once and keeps the channel. Answers, when it has ended, whether it was a good one. */
  #attempt(url: URL, signal: AbortSignal): Promise<boolean> {
    const { listener, secret, clock, metrics } = this.#options
    const handshake = new Handshake('dialler', listener.identity(), secret)
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: HANDSHAKE_MAX_BYTES,
    })
    return new Promise((resolve) => {
      const onAbort = () => {
        channel.close()
      }
      const ended = (end: ChannelEnd) => {
        signal.removeEventListener('abort', onAbort)
        const node = this.node
        this.#open = undefined
        const isRefused = end.kind === 'refused'
        if (isRefused && !end.told) metrics.refused(end.reason)
        if (!signal.aborted) {
          if (node !== undefined) listener.disconnected(this.#address, node)
          if (isRefused) this.#refused(refusalSentence(end.reason))
        }
        resolve(node !== undefined && !isRefused)
      }
      const said = (text: string) => {
        // An accepter answers on its own channel and has nothing to say on ours.
        if (this.#open) channel.refuse('garbage')
        else this.#take(handshake.take(text), channel)
      }
      const channel = new Channel(socket, clock, { said, ended })
      socket.on('open', () => {
        channel.say(handshake.greeting())
      })
      socket.on('unexpected-response', (_request, { statusCode }) => {
        channel.cutOff()
        // A node that stops answers so.
        if (signal.aborted || statusCode === 503) return
        this.#refused(`it answered ${statusCode ?? 'something else'}, as no node with peers does`)
      })
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #take(step: HandshakeStep, channel: Channel): void {
    if (step.kind === 'say') channel.say(step.text)
    else if (step.kind === 'refuse') channel.refuse(step.reason)
    else {
      this.#open = { peer: step.peer, channel }
      this.#told = undefined
      channel.opened()
      this.#options.listener.connected(this.#address, step.peer)
    }
  }

  #refused(reason: string): void {
    if (reason === this.#told) return
    this.#told = reason
    this.#options.listener.refused(this.#address, reason)
  }
}

function urlOf(address: string): URL | undefined {
  const text = `ws://${address}${PEER_PATH}`
  return ADDRESS.test(address) && URL.canParse(text) ? new URL(text) : undefined
}
