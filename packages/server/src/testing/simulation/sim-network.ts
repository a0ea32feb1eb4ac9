/**
 * The peers' transport over simulated links. A channel is dialled until it opens and again when
 * the process at its other end dies; a cut link keeps it open and loses what it carries, as
 * a network does before anybody notices.
 *
 * @module
 */

import type { PeerMessage } from '../../instances/replication/messages.ts'
import type {
  PeerIdentity,
  PeerListener,
  PeerTransport,
} from '../../instances/replication/peer-transport.ts'
import type { EventQueue } from './event-queue.ts'
import type { Links } from './links.ts'
import type { SimProcess } from './sim-process.ts'

const DIAL_EVERY_MS = 500
/** A channel to the dead whose end nobody could tell us is given up. */
const GIVE_UP_MS = 15_000

export interface SimNetworkOptions {
  readonly queue: EventQueue
  readonly links: Links
  /** What becomes of a message on the wire; a codec may be put here. */
  readonly carry?: (message: PeerMessage) => PeerMessage
  /** Told of everything that is handed to a channel. */
  readonly onSent?: (from: string, to: string, message: PeerMessage) => void
}

/** One end of the network: a process of a node, at its address. */
export interface SimPeer {
  readonly node: string
  /** `host:port`. */
  readonly address: string
  readonly process: SimProcess
}

export class SimNetwork {
  readonly options: SimNetworkOptions
  readonly #ends = new Map<string, End>()

  constructor(options: SimNetworkOptions) {
    this.options = options
  }

  /** Puts a process at its address, in place of the one before. */
  attach(peer: SimPeer, listener: PeerListener): PeerTransport {
    const end = new End(this, peer, listener)
    this.#ends.set(peer.address, end)
    return end
  }

  endAt(address: string): End | undefined {
    return this.#ends.get(address)
  }
}

interface Channel {
  readonly address: string
  /** The process at the other end, while the channel is open. */
  open: { readonly end: End; readonly peer: PeerIdentity } | undefined
  isWanted: boolean
}

class End implements PeerTransport {
  readonly #network: SimNetwork
  readonly peer: SimPeer
  readonly listener: PeerListener
  readonly #channels = new Map<string, Channel>()
  readonly #byNode = new Map<string, Channel>()

  constructor(network: SimNetwork, peer: SimPeer, listener: PeerListener) {
    this.#network = network
    this.peer = peer
    this.listener = listener
  }

  connect(address: string): void {
    if (this.#channels.has(address)) return
    const channel: Channel = { address, open: undefined, isWanted: true }
    this.#channels.set(address, channel)
    this.#dial(channel)
  }

  disconnect(address: string): void {
    const channel = this.#channels.get(address)
    if (!channel) return
    channel.isWanted = false
    this.#channels.delete(address)
    if (channel.open) this.#forget(channel, channel.open.peer.node)
  }

  send(node: string, message: PeerMessage): boolean {
    const { queue, links, carry, onSent } = this.#network.options
    const open = this.#byNode.get(node)?.open
    const { node: from } = this.peer
    if (!open || links.isFull(from, node)) return false
    onSent?.(from, node, message)
    for (const delayMs of links.deliveries(from, node)) {
      const carried = carry ? carry(message) : message
      queue.after(delayMs, () => {
        open.end.peer.process.arrive(() => {
          open.end.listener.received(from, carried)
        })
      })
    }
    return true
  }

  /** Tries to open a channel, and goes on trying. What others answer late still counts. */
  #dial(channel: Channel): void {
    if (!channel.isWanted || channel.open || this.peer.process.isDead) return
    const { queue, links } = this.#network.options
    const end = this.#network.endAt(channel.address)
    queue.after(DIAL_EVERY_MS, () => {
      this.#dial(channel)
    })
    if (!end || end.peer.process.isDead || end === this) return
    const { node } = end.peer
    const ours = this.listener.identity()
    const [there] = links.deliveries(this.peer.node, node)
    if (there === undefined) return
    queue.after(there, () => {
      end.peer.process.arrive(() => {
        const identity = end.listener.identity()
        end.listener.accepted(ours)
        const [back] = links.deliveries(node, this.peer.node)
        if (back === undefined) return
        queue.after(back, () => {
          this.peer.process.arrive(() => {
            this.#opened(channel, end, identity)
          })
        })
      })
    })
  }

  #opened(channel: Channel, end: End, peer: PeerIdentity): void {
    if (!channel.isWanted || channel.open || end.peer.process.isDead) return
    channel.open = { end, peer }
    this.#byNode.set(peer.node, channel)
    this.listener.connected(channel.address, peer)
    this.#watch(channel, end, 0)
  }

  /** Notices some time after it that the process at the other end has died. */
  #watch(channel: Channel, end: End, deadForMs: number): void {
    const { queue, links } = this.#network.options
    queue.after(deadForMs === 0 ? 100 : DIAL_EVERY_MS, () => {
      if (channel.open?.end !== end || this.peer.process.isDead) return
      const isGone = end.peer.process.isDead
      const isTold = !links.isCut(end.peer.node, this.peer.node) || deadForMs >= GIVE_UP_MS
      if (!isGone || !isTold) this.#watch(channel, end, isGone ? deadForMs + DIAL_EVERY_MS : 0)
      else this.peer.process.arrive(() => this.#broke(channel, end))
    })
  }

  #broke(channel: Channel, end: End): void {
    if (channel.open?.end !== end) return
    const { node } = channel.open.peer
    this.#forget(channel, node)
    this.listener.disconnected(channel.address, node)
    this.#dial(channel)
  }

  #forget(channel: Channel, node: string): void {
    channel.open = undefined
    if (this.#byNode.get(node) === channel) this.#byNode.delete(node)
  }
}
