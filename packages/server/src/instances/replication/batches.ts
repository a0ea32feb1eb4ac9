/**
 * Tells each peer what changed, and that this node lives.
 *
 * The first change after a quiet time leaves at once, what follows within 5 ms leaves
 * together, and every second something leaves anyway. A peer that cannot be reached directly
 * gets its records through another; the direct way is tried with every beat, so that it is
 * found open again.
 *
 * @module
 */

import { UNKNOWN, type Entry } from '../entry.ts'
import type { PlaneCore } from '../plane-core.ts'
import { BATCH_EVERY_MS } from './constants.ts'
import type { AckMessage, BatchMessage, Beat } from './messages.ts'
import type { Taken } from './outbox.ts'
import type { PeerLink } from './peer-link.ts'
import type { ReplicationMetrics } from './replication-metrics.ts'
import type { Ways } from './ways.ts'

export interface BatchesOptions {
  readonly core: PlaneCore
  readonly ways: Ways
  readonly metrics: ReplicationMetrics
  /** Our own beat first. */
  readonly beats: () => readonly Beat[]
}

export class Batches {
  readonly #options: BatchesOptions
  /** Told once when a peer has the newest state of an entry. */
  readonly #shipped = new Map<Entry, Set<() => void>>()
  #seq = 0
  #flushing = false

  constructor(options: BatchesOptions) {
    this.#options = options
  }

  /** A record changed here: every peer is to have it. */
  wrote(entry: Entry, lifeOnly: boolean): void {
    const { core, ways } = this.#options
    for (const link of ways.links.values()) this.#mark(link, entry, lifeOnly)
    if (ways.links.size > 0) this.#flushSoon(core.time.lastMs)
  }

  /** One peer is to have an entry, whole. */
  tell(link: PeerLink, entry: Entry): void {
    this.#mark(link, entry, false)
    this.#flushSoon(this.#options.core.time.lastMs)
  }

  /** Calls `done` when some peer has the state that an entry is in now, unless cancelled. */
  whenShipped(entry: Entry, done: () => void): () => void {
    const waiting = this.#shipped.get(entry) ?? new Set()
    this.#shipped.set(entry, waiting.add(done))
    return () => {
      waiting.delete(done)
      if (waiting.size === 0 && this.#shipped.get(entry) === waiting) this.#shipped.delete(entry)
    }
  }

  /** Calls `done` once every peer that answers has the state that an entry is in now. */
  whenShippedToAll(entry: Entry, done: () => void): void {
    const { core, ways } = this.#options
    const isOwed = [...ways.links.values()].some((link) => {
      return !link.isSilent(core.time.lastMs) && link.outbox.has(entry)
    })
    if (!isOwed) done()
    else {
      this.whenShipped(entry, () => {
        this.whenShippedToAll(entry, done)
      })
    }
  }

  /** Sends what waits for a peer; with `beat` also when nothing does. */
  flush(link: PeerLink, nowMs: number, beat: boolean): void {
    // Where the direct way is not proved, both are tried: it may be open again, or the other closed.
    const isRelayed = !link.isDirect(nowMs) && this.#options.ways.canRelay(link.node, nowMs)
    let isOwed = beat
    for (;;) {
      const taken = link.outbox.take(nowMs)
      if (taken.entries.length === 0 && !isOwed) return
      const isSent = this.#send(link, taken, { nowMs, direct: true })
      const isRelaySent = isRelayed && this.#send(link, taken, { nowMs, direct: false })
      if (!isSent && !isRelaySent) return
      isOwed = false
      if (!taken.isFull) return
    }
  }

  acked(link: PeerLink, { seq, missing }: AckMessage, nowMs: number): void {
    const sent = link.outbox.acked(seq, missing)
    link.heardAckAtMs = nowMs
    if (!sent) return
    if (sent.direct) link.ackedAtMs = nowMs
    if (link.outbox.size === 0) link.waitingSinceMs = UNKNOWN
    this.#options.metrics.recordsSent(sent.entries.length)
    sent.entries.forEach((entry, at) => {
      if (entry.record === sent.records[at]) this.#tellShipped(entry)
    })
    if (link.outbox.size > 0) this.#flushSoon(nowMs)
  }

  #tellShipped(entry: Entry): void {
    const waiting = this.#shipped.get(entry)
    this.#shipped.delete(entry)
    for (const done of waiting ?? []) done()
  }

  #mark(link: PeerLink, entry: Entry, lifeOnly: boolean): void {
    link.outbox.add(entry, lifeOnly)
    if (link.waitingSinceMs === UNKNOWN) link.waitingSinceMs = this.#options.core.time.lastMs
    if (!link.outbox.takeOverflow()) return
    link.needsSync = true
    this.#options.metrics.overflowed()
  }

  #flushSoon(nowMs: number): void {
    if (this.#flushing) return
    this.#flushing = true
    const { core, ways } = this.#options
    const lastMs = Math.max(UNKNOWN, ...[...ways.links.values()].map((link) => link.batchedAtMs))
    const waitMs = lastMs === UNKNOWN ? 0 : Math.max(0, lastMs + BATCH_EVERY_MS - nowMs)
    core.options.clock.after(waitMs, () => {
      this.#flushing = false
      const laterMs = core.time.nowMs()
      for (const link of ways.links.values()) {
        if (link.outbox.size > 0) this.flush(link, laterMs, false)
      }
    })
  }

  #send(
    link: PeerLink,
    { entries, records }: Taken,
    { nowMs, direct }: { readonly nowMs: number; readonly direct: boolean },
  ): boolean {
    const { core, ways, beats } = this.#options
    this.#seq += 1
    const seq = this.#seq
    const message: BatchMessage = {
      kind: 'batch',
      seq,
      inc: core.stamps.origin.inc,
      wallMs: core.options.clock.wallMs(),
      beats: beats(),
      direct: ways.direct(nowMs),
      root: core.digest.root,
      records,
    }
    const way = direct ? ways.sendDirect(link.node, message) : ways.send(link.node, message, nowMs)
    if (way === 'none') return false
    link.outbox.sent(seq, entries, { atMs: nowMs, direct: way === 'direct' })
    link.batchedAtMs = nowMs
    return true
  }
}
