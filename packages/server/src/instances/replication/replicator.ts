/**
 * Keeps this node and its peers of one record: composes the parts beside this file, gives them
 * their turns, and answers the plane's questions about other nodes.
 *
 *     plane ──wrote──▶ batches ─┐             ┌─▶ receive ──▶ plane
 *       │ ──forward─▶ forwarding ├─▶ ways ⇄ peers
 *       └ ─standing?─ members    ├─ syncs     └─▶ members, forwarding, syncs
 *                     boot ──────┘
 *
 * Everything runs on the plane's tick and on what peers say; nothing here waits.
 *
 * @module
 */

import type { Logger } from '@rollcall/runtime'
import { DISCOVERY_SERVICE } from '../../model/vocabulary.ts'
import { isStale } from '../deadline.ts'
import type { Entry } from '../entry.ts'
import type { Standing } from '../homes.ts'
import type { Neighbours } from '../neighbours.ts'
import type { PlaneCore } from '../plane-core.ts'
import type { InstancePlane } from '../plane.ts'
import { isLive } from '../record.ts'
import type { Origin } from '../stamp.ts'
import { Batches } from './batches.ts'
import { Boot, type BootEnd } from './boot.ts'
import { clockAlarm } from './clock-alarm.ts'
import { BEAT_MS } from './constants.ts'
import { endMember, memberEntry } from './membership.ts'
import { Dialling } from './dialling.ts'
import { Forwarding } from './forwarding.ts'
import { Inbox } from './inbox.ts'
import { Isolation } from './isolation.ts'
import { Members } from './members.ts'
import type { Beat, PeerMessage } from './messages.ts'
import { PeerLink } from './peer-link.ts'
import type { PeerIdentity, PeerListener, PeerTransport } from './peer-transport.ts'
import type { ReplicationMetrics } from './replication-metrics.ts'
import { BEGINNING, isSameState, stateOf, type ReplicationState } from './replication-state.ts'
import { beginSyncs } from './sync-plan.ts'
import { Syncs, type EndedSync } from './syncs.ts'
import { Ways } from './ways.ts'

export interface ReplicatorOptions {
  readonly plane: InstancePlane
  /** Made for this listener. */
  readonly transport: (listener: PeerListener) => PeerTransport
  /** Addresses (`host:port`) of nodes that may be there. */
  readonly seeds: readonly string[]
  /** `host:port` under which peers reach this node, once that is known. */
  readonly address: () => string
  readonly metrics: ReplicationMetrics
  readonly log: Logger
  /** A boot ended: the first, or one after a long stall. */
  readonly onBooted: (end: BootEnd) => void
  /** Whether it may serve, or why not, is another than before. */
  readonly onState: (state: ReplicationState) => void
  /** Another, older process has this node's id: this one must stop. */
  readonly onClash: (address: string) => void
}

export class Replicator implements Neighbours, PeerListener {
  readonly members: Members
  readonly ways: Ways
  readonly batches: Batches
  readonly forwarding: Forwarding
  readonly syncs: Syncs
  readonly core: PlaneCore
  readonly #options: ReplicatorOptions
  readonly #transport: PeerTransport
  readonly #dialling: Dialling
  readonly #inbox: Inbox
  readonly #isolation: Isolation
  #boot: Boot | undefined
  #counter = 0
  #beatAtMs = 0
  #isStarted = false
  #isRemoved = false
  #isLeaving = false
  #state = BEGINNING

  /** Registers itself as the plane's neighbours. Nothing is dialled before `start`. */
  constructor(options: ReplicatorOptions) {
    const { plane, metrics } = options
    const { core } = plane
    this.#options = options
    this.core = core
    this.#transport = options.transport(this)
    this.members = new Members(core.time.nowMs())
    this.ways = new Ways({ node: core.options.node, transport: this.#transport, metrics })
    const { members, ways } = this
    const beats = () => this.#beats()
    this.#isolation = new Isolation(core, members)
    this.#dialling = new Dialling({ ...options, core, ways, transport: this.#transport })
    this.batches = new Batches({ core, ways, metrics, beats })
    this.forwarding = new Forwarding({ core, members, ways, metrics })
    const { batches, forwarding } = this
    const isBooting = () => this.#boot !== undefined
    const parts = { core, members, ways, batches, forwarding, metrics }
    this.#inbox = new Inbox({ ...parts, beats, isBooting })
    this.syncs = new Syncs({
      core,
      send: (node, message) => {
        this.ways.send(node, message, core.time.lastMs)
      },
      receive: (record) => this.#inbox.receive(record, false),
      tell: (node, entry) => {
        this.#tell(node, entry)
      },
      isBooting: () => this.#boot !== undefined,
      direct: () => this.members.known(this.ways.direct(core.time.lastMs), core.time.lastMs),
      ended: (sync) => {
        this.#synced(sync)
      },
    })
    plane.useNeighbours(this)
  }

  /** Begins to boot: dials the seeds, and waits for what they know. */
  start(): void {
    const nowMs = this.core.time.nowMs()
    this.#isStarted = true
    this.members.startOver(nowMs)
    this.#boot = new Boot(this.#options.seeds, nowMs)
    for (const seed of this.#options.seeds) this.#transport.connect(seed)
    this.#endBoot(nowMs)
  }

  /** `host:port` under which peers reach this node. */
  get address(): string {
    return this.#options.address()
  }

  get state(): ReplicationState {
    return this.#state
  }

  /** Says that the node goes, and calls `done` when all who answer know. */
  leave(done: () => void): void {
    this.#isLeaving = true
    const own = memberEntry(this.core, this.core.options.node)
    if (!own) {
      done()
      return
    }
    endMember(this.core, own)
    this.batches.whenShippedToAll(own, done)
  }

  /** Takes a node out of the cluster. Answers whether it was alive, undefined for one that is no member. */
  remove(node: string): 'alive' | 'dead' | undefined {
    const entry = memberEntry(this.core, node)
    if (!entry || !isLive(entry.record)) return undefined
    const nowMs = this.core.time.nowMs()
    const isAlive = node === this.core.options.node || this.members.isAlive(node, nowMs)
    endMember(this.core, entry)
    return isAlive ? 'alive' : 'dead'
  }

  // What the plane asks

  standing(home: Origin): Exclude<Standing, 'own'> {
    // An earlier life of ours.
    if (home.node === this.core.options.node) return 'lost'
    return this.members.standing(home, this.core.time.lastMs)
  }

  lostAtMs(home: Origin, nowMs: number): number {
    return this.members.lostAtMs(home, nowMs)
  }

  isKnown(node: string): boolean {
    return this.members.isKnown(node)
  }

  get isolated(): boolean {
    return this.#isolation.isCutOff
  }

  wrote(entry: Entry, lifeOnly: boolean): void {
    this.batches.wrote(entry, lifeOnly)
  }

  forward(entry: Entry, nowMs: number): boolean {
    return this.forwarding.take(entry, nowMs)
  }

  whenShipped(entry: Entry, done: () => void): () => void {
    const nowMs = this.core.time.lastMs
    for (const link of this.ways.links.values()) {
      if (!link.isSilent(nowMs)) return this.batches.whenShipped(entry, done)
    }
    done()
    return () => {}
  }

  forget(entry: Entry): void {
    this.forwarding.forget(entry)
  }

  fenced(): void {
    const nowMs = this.core.time.lastMs
    this.members.startOver(nowMs)
    this.forwarding.clear()
    this.syncs.clear()
    const links = [...this.ways.links.values()]
    if (!this.#isStarted || links.length === 0) return
    this.#boot = new Boot(
      links.map(({ node }) => node),
      nowMs,
    )
    for (const { node, connected } of links) if (connected) this.#boot.answered(node, node)
    this.#review()
  }

  tick(nowMs: number): void {
    if (!this.#isStarted) return
    this.#dialling.tick(nowMs, (node) => {
      this.#drop(node)
    })
    this.#noticeRemoval()
    if (nowMs - this.#beatAtMs >= BEAT_MS) this.#beat(nowMs)
    else this.#resend(nowMs)
    this.core.homes.review()
    this.#isolation.judge(nowMs, this.#boot !== undefined)
    this.forwarding.tick(nowMs)
    this.syncs.tick(nowMs)
    this.#beginSyncs(nowMs)
    this.#endBoot(nowMs)
    this.#review()
  }

  // What the transport tells

  identity(): PeerIdentity {
    const { node, zone } = this.core.options
    return { node, zone, inc: this.core.feedOrigin.inc, address: this.#options.address() }
  }

  accepted(peer: PeerIdentity): void {
    const { node, zone } = this.core.options
    if (peer.node !== node && peer.zone === zone) this.#dialling.dialBack(peer)
  }

  connected(address: string, peer: PeerIdentity): void {
    const nowMs = this.core.time.nowMs()
    const { node, zone } = this.core.options
    if (peer.node === node || peer.zone !== zone) {
      this.#boot?.answered(address, undefined)
      this.#transport.disconnect(address)
      if (peer.node !== node) this.refused(address, `it is in zone "${peer.zone}"`)
      else if (peer.inc < this.core.feedOrigin.inc) this.#options.onClash(address)
      return
    }
    this.#boot?.answered(address, peer.node)
    this.#link(address, peer, nowMs)
  }

  disconnected(address: string, node: string): void {
    const link = this.ways.links.get(node)
    link?.open.delete(address)
    if (link?.connected === true) return
    this.#boot?.gone(node)
    if (!this.#dialling.isMember(node)) this.ways.links.delete(node)
  }

  refused(address: string, reason: string): void {
    this.#boot?.answered(address, undefined)
    this.#dialling.refused(address, reason)
    this.#options.log.warn({ address, reason }, 'somebody is not a peer')
  }

  /** Addresses that were refused, with the reason, for people. */
  get refusals(): ReadonlyMap<string, string> {
    return this.#dialling.refusals
  }

  received(node: string, message: PeerMessage): void {
    // Until then the plane is not to be touched; what is lost now is told again.
    if (this.#isStarted) this.#inbox.take(node, message, this.syncs)
  }

  // What the parts tell each other

  #tell(node: string, entry: Entry): void {
    const link = this.ways.links.get(node)
    if (link) this.batches.tell(link, entry)
  }

  #synced({ node, outcome, startedAtMs, whole, direct }: EndedSync): void {
    const link = this.ways.links.get(node)
    this.#options.metrics.synced(outcome)
    if (outcome === 'failed' || outcome === 'unready') {
      if (outcome === 'failed') this.#boot?.gone(node)
      else this.#boot?.unready(node, this.core.time.lastMs)
      if (link) link.syncAgainAtMs = this.core.time.lastMs + BEAT_MS
      if (link && whole) link.needsSync = true
      return
    }
    if (!whole) return
    this.#boot?.synced(node)
    for (const covered of [node, ...direct]) this.members.synced(covered, startedAtMs)
    this.core.homes.review()
  }

  // What time brings

  #beats(): Beat[] {
    const { node } = this.core.options
    const { inc } = this.core.stamps.origin
    const own = { node, inc, counter: this.#counter, ageMs: 0 }
    return [own, ...this.members.beats(this.core.time.lastMs)]
  }

  #beat(nowMs: number): void {
    this.#beatAtMs = nowMs
    this.#counter += 1
    if (this.#isLeaving) return
    for (const link of this.ways.links.values()) {
      if (link.isSilent(nowMs)) link.giveUp()
      this.batches.flush(link, nowMs, true)
    }
    const own = memberEntry(this.core, this.core.options.node)
    if (own && isLive(own.record) && isStale(this.core, own.record)) this.core.adopt(own)
  }

  #resend(nowMs: number): void {
    for (const link of this.ways.links.values()) {
      if (link.outbox.size > 0 && !link.isSilent(nowMs)) this.batches.flush(link, nowMs, false)
    }
  }

  #beginSyncs(nowMs: number): void {
    if (this.#boot) {
      const next = this.#boot.next(nowMs)
      if (next !== undefined && this.syncs.running === 0) this.syncs.start(next, true, true)
      return
    }
    beginSyncs(this, nowMs)
  }

  #endBoot(nowMs: number): void {
    const end = this.#boot?.end(nowMs)
    if (end === undefined || this.#dialling.isProbing(nowMs)) return
    this.#boot = undefined
    this.#options.onBooted(this.#learntAnything() ? end : 'alone')
    this.#review()
  }

  /** Peers that have just started with nothing do not make what our disk holds untrue. */
  #learntAnything(): boolean {
    for (const { name, shownCount } of this.core.table.services()) {
      if (name !== DISCOVERY_SERVICE && shownCount > 0) return true
    }
    return false
  }

  #link(address: string, { node }: PeerIdentity, nowMs: number): void {
    const link = this.ways.links.get(node) ?? new PeerLink(node, nowMs)
    this.ways.links.set(node, link)
    const isNew = !link.connected
    link.open.add(address)
    this.#dialling.connected(node, link.open)
    // Booting nodes ask for everything themselves.
    if (isNew && !this.#boot) link.needsSync = true
  }

  /** A node has left, or was removed: it is a peer no more. */
  #drop(node: string): void {
    const ended = memberEntry(this.core, node)?.record.life?.home.inc
    this.members.leave(node, ended ?? this.members.incarnationOf(node))
    // An open channel may be that of its next life already; nobody would tell us of it again.
    if (this.ways.links.get(node)?.connected !== true) this.ways.links.delete(node)
  }

  #noticeRemoval(): void {
    const own = memberEntry(this.core, this.core.options.node)
    this.#isRemoved = own?.record.life?.cancelled === true && !this.#isLeaving
  }

  #review(): void {
    const state = stateOf({
      isBooting: this.#boot !== undefined,
      isRemoved: this.#isRemoved,
      clock: clockAlarm(this.ways.links.values()),
    })
    if (isSameState(state, this.#state)) return
    this.#state = state
    this.#options.onState(state)
  }
}
