/**
 * Whom to dial: seeds, members, and whoever dialled us.
 *
 * @module
 */

import type { PlaneCore } from '../plane-core.ts'
import { members } from './membership.ts'
import { PeerLink } from './peer-link.ts'
import type { PeerIdentity, PeerTransport } from './peer-transport.ts'
import type { Ways } from './ways.ts'

/** How long an address that our own id is registered under is given to answer. */
const PROBE_MS = 1_000
/** How long a member is given to be reached by the addresses that are dialled already. */
const PATIENCE_MS = 1_000
const REFUSALS_MAX = 100

export interface DiallingOptions {
  readonly core: PlaneCore
  readonly ways: Ways
  readonly transport: PeerTransport
  /** Our own. */
  readonly address: () => string
  readonly seeds: readonly string[]
}

export class Dialling {
  readonly #core: PlaneCore
  readonly #ways: Ways
  readonly #transport: PeerTransport
  readonly #address: () => string
  readonly #seeds: ReadonlySet<string>
  /** Members, since when each is known. */
  readonly #known = new Map<string, number>()
  /** What was dialled for a node, besides seeds. */
  readonly #dialled = new Map<string, Set<string>>()
  readonly refusals = new Map<string, string>()
  #probe: { readonly address: string; readonly sinceMs: number } | undefined

  constructor({ core, ways, transport, address, seeds }: DiallingOptions) {
    this.#core = core
    this.#ways = ways
    this.#transport = transport
    this.#address = address
    this.#seeds = new Set(seeds)
  }

  /** Somebody dialled us who may be new. */
  dialBack({ node, address }: PeerIdentity): void {
    if (this.#ways.links.get(node)?.connected !== true) this.#dial(node, address)
  }

  /** A node was reached at `open`: what else was dialled for it, and did not answer, is given up. */
  connected(node: string, open: ReadonlySet<string>): void {
    for (const address of this.#dialled.get(node) ?? []) {
      if (!open.has(address)) this.#hangUp(node, address)
    }
  }

  /** Whether it was one when this was looked at last. */
  isMember(node: string): boolean {
    return this.#known.has(node)
  }

  refused(address: string, reason: string): void {
    this.refusals.delete(address)
    this.refusals.set(address, reason)
    if (this.refusals.size <= REFUSALS_MAX) return
    const [oldest] = this.refusals.keys()
    if (oldest !== undefined) this.refusals.delete(oldest)
  }

  /** Dials new members, and tells of those that are none any more. */
  tick(nowMs: number, drop: (node: string) => void): void {
    const { node: self } = this.#core.options
    const present = new Set<string>()
    for (const { node, address } of members(this.#core)) {
      present.add(node)
      if (node === self) this.#probeOwn(address, nowMs)
      else this.#reach(node, address, nowMs)
    }
    for (const node of this.#known.keys()) {
      if (present.has(node)) continue
      this.#known.delete(node)
      for (const address of this.#dialled.get(node) ?? []) this.#hangUp(node, address)
      drop(node)
    }
  }

  /** Whether it is being found out if an older process of our id lives. */
  isProbing(nowMs: number): boolean {
    return this.#probe !== undefined && nowMs - this.#probe.sinceMs < PROBE_MS
  }

  #reach(node: string, address: string, nowMs: number): void {
    const { links } = this.#ways
    // Before it is reached: it may be told things through another.
    if (!links.has(node)) links.set(node, new PeerLink(node, nowMs))
    const sinceMs = this.#known.get(node)
    if (sinceMs === undefined) this.#known.set(node, nowMs)
    // A seed may lead to it under another name.
    else if (nowMs - sinceMs >= PATIENCE_MS && this.#ways.links.get(node)?.connected !== true) {
      this.#dial(node, address)
    }
  }

  #dial(node: string, address: string): void {
    const dialled = this.#dialled.get(node) ?? new Set()
    if (this.#seeds.has(address) || dialled.has(address)) return
    this.#dialled.set(node, dialled.add(address))
    this.#transport.connect(address)
  }

  #hangUp(node: string, address: string): void {
    this.#dialled.get(node)?.delete(address)
    // By now it may lead to another: its node was started again under another name.
    for (const link of this.#ways.links.values()) {
      if (link.node !== node && link.open.has(address)) return
    }
    this.#transport.disconnect(address)
  }

  /** Our id is registered under an address that is not ours: by our former life, or by somebody who lives. */
  #probeOwn(address: string, nowMs: number): void {
    if (address === this.#address() || address === '') {
      if (this.#probe && !this.#seeds.has(this.#probe.address)) {
        this.#transport.disconnect(this.#probe.address)
      }
      this.#probe = undefined
    } else if (this.#probe?.address !== address) {
      this.#probe = { address, sinceMs: nowMs }
      this.#transport.connect(address)
    }
  }
}
