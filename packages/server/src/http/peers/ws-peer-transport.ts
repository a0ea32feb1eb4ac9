/**
 * The transport between nodes over WebSockets on their HTTP ports: dials whom it is told to, and
 * lets in who proves to belong to the cluster.
 *
 * @module
 */

import { untilAborted, type Actor, type Clock, type Logger, type Random } from '@rollcall/runtime'
import type { PeerListener, PeerMessage, PeerTransport } from '../../instances/index.ts'
import { Dial } from './dial.ts'
import { Door, type PeerAcceptor } from './door.ts'
import type { PeerRefusal } from './refusals.ts'

export interface PeerTransportOptions {
  readonly listener: PeerListener
  /** What all nodes of the cluster know; without one nobody is asked for a proof. */
  readonly secret: string | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: {
    /** This node refused somebody, on either side of a channel. */
    refused(reason: PeerRefusal): void
  }
}

/** Runs until stopped; then every channel is closed, and `connect` does nothing any more. */
export class WsPeerTransport implements PeerTransport, Actor {
  readonly #options: PeerTransportOptions
  readonly #door: Door
  readonly #dials = new Map<string, { readonly dial: Dial; readonly stopping: AbortController }>()
  /** Also of those that are on their way out. */
  readonly #ends = new Set<Promise<void>>()
  #isStopped = false
  readonly #failure: Promise<never>
  #fail: (error: unknown) => void = () => {}

  constructor(options: PeerTransportOptions) {
    this.#options = options
    this.#door = new Door(options)
    this.#failure = new Promise((_, reject) => {
      this.#fail = reject
    })
    // Whoever runs the transport hears of it; nobody has to.
    this.#failure.catch(() => {})
  }

  /** What the HTTP server needs to let others in. */
  get acceptor(): PeerAcceptor {
    return this.#door
  }

  connect(address: string): void {
    if (this.#isStopped || this.#dials.has(address)) return
    const dial = new Dial(address, this.#options)
    const stopping = new AbortController()
    this.#dials.set(address, { dial, stopping })
    const ended = dial
      .run(stopping.signal)
      .catch((error: unknown) => {
        this.#fail(error)
      })
      .finally(() => {
        this.#ends.delete(ended)
      })
    this.#ends.add(ended)
  }

  disconnect(address: string): void {
    this.#dials.get(address)?.stopping.abort()
    this.#dials.delete(address)
  }

  send(node: string, message: PeerMessage): boolean {
    for (const { dial } of this.#dials.values()) {
      if (dial.node === node) return dial.send(message)
    }
    return false
  }

  /** Runs until `signal` aborts, and then until every channel is gone. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await Promise.race([untilAborted(signal), this.#failure])
    } finally {
      this.#isStopped = true
      this.#door.close()
      for (const address of this.#dials.keys()) this.disconnect(address)
      await Promise.all([...this.#ends, this.#door.empty()])
    }
  }
}

/** Makes a transport. It dials as soon as it is told to, and has to be run to be stopped. */
export function createPeerTransport(options: PeerTransportOptions): WsPeerTransport {
  return new WsPeerTransport(options)
}
