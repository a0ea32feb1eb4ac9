/**
 * The port through which nodes talk. The real one keeps a connection to each peer; the
 * simulated one loses, delays and repeats what it carries.
 *
 * A channel goes one way: what a node sends travels on the connection that it dialled, what
 * it receives comes on those that others dialled. So a link that is cut in one direction
 * looks here like what it is.
 *
 * Nothing is promised about delivery: messages may be lost, late, repeated or out of order.
 * The protocol above copes, see `DESIGN.md`.
 *
 * @module
 */

import type { PeerMessage } from './messages.ts'

/** Who is at the other end, as its handshake said and the cluster's secret proved. */
export interface PeerIdentity {
  readonly node: string
  readonly zone: string
  /** First incarnation of its process: tells two processes of one name apart. */
  readonly inc: number
  /** `host:port` at which it wants to be dialled. */
  readonly address: string
}

export interface PeerTransport {
  /** Keeps a channel to an address (`host:port`) open from now on, and dials again when it breaks. */
  connect(address: string): void
  /** Closes the channel to an address, for good. */
  disconnect(address: string): void
  /**
   * Hands a message to the channel of a node that was `connected`. Answers false where there
   * is none, or where it is so full that more would only grow older in it; the message is then
   * dropped.
   */
  send(node: string, message: PeerMessage): boolean
}

/** What a transport tells the replication. */
export interface PeerListener {
  /** What others are told of us. Asked at each handshake. */
  identity(): PeerIdentity
  /** A channel of ours is open. */
  connected(address: string, peer: PeerIdentity): void
  /** A channel of ours broke; the transport dials again unless it was told to stop. */
  disconnected(address: string, node: string): void
  /** Somebody who proved to know the secret has opened a channel to us; we may not know it yet. */
  accepted(peer: PeerIdentity): void
  /** Said by a node that has proved to know the secret, on its own channel. */
  received(node: string, message: PeerMessage): void
  /** Somebody at an address is not, or may not be, a peer. `reason` is for people. */
  refused(address: string, reason: string): void
}
