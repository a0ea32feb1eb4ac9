/**
 * How a message reaches a peer: directly, or, where that link is broken, through one peer that
 * reaches it.
 *
 * @module
 */

import type { DirectMessage } from './messages.ts'
import type { PeerLink } from './peer-link.ts'
import type { PeerTransport } from './peer-transport.ts'
import type { ReplicationMetrics } from './replication-metrics.ts'

/** Which way a message took; `none`: it was dropped. */
export type Way = 'direct' | 'relayed' | 'none'

export interface WaysOptions {
  readonly node: string
  readonly transport: Pick<PeerTransport, 'send'>
  readonly metrics: ReplicationMetrics
}

export class Ways {
  readonly links = new Map<string, PeerLink>()
  readonly #options: WaysOptions

  constructor(options: WaysOptions) {
    this.#options = options
  }

  /** Sends by the way that works; with none known to work, directly, in hope. */
  send(to: string, message: DirectMessage, nowMs: number): Way {
    const link = this.links.get(to)
    if (link?.isDirect(nowMs) === true) return this.sendDirect(to, message)
    const relay = this.#relayTo(to, nowMs)
    if (relay === undefined) return this.sendDirect(to, message)
    const { node, transport, metrics } = this.#options
    metrics.sent('relay', 1)
    return transport.send(relay, { kind: 'relay', from: node, to, message }) ? 'relayed' : 'none'
  }

  sendDirect(to: string, message: DirectMessage): Way {
    const { transport, metrics } = this.#options
    if (!transport.send(to, message)) return 'none'
    metrics.sent(message.kind, 1)
    return 'direct'
  }

  /** Passes a message on that was sent by somebody who cannot reach its receiver. */
  passOn(from: string, to: string, message: DirectMessage): void {
    const { transport, metrics } = this.#options
    if (transport.send(to, { kind: 'relay', from, to, message })) metrics.sent('relay', 1)
  }

  /** Whether something for a node has a way. */
  hasRoute(to: string, nowMs: number): boolean {
    return this.links.get(to)?.isDirect(nowMs) === true || this.#relayTo(to, nowMs) !== undefined
  }

  /** Whether somebody else would bring it there. */
  canRelay(to: string, nowMs: number): boolean {
    return this.#relayTo(to, nowMs) !== undefined
  }

  /** Nodes that have just acknowledged on the direct way. */
  direct(nowMs: number): string[] {
    return [...this.links.values()].filter((link) => link.isProved(nowMs)).map(({ node }) => node)
  }

  #relayTo(to: string, nowMs: number): string | undefined {
    for (const link of this.links.values()) {
      if (link.node !== to && link.isProved(nowMs) && link.direct.has(to)) return link.node
    }
    return undefined
  }
}
