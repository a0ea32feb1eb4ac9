/**
 * Takes what peers say to the part that it concerns.
 *
 * @module
 */

import { outlive } from '../lapse.ts'
import type { PlaneCore } from '../plane-core.ts'
import type { Batches } from './batches.ts'
import type { Forwarding } from './forwarding.ts'
import type { Members } from './members.ts'
import type { BatchMessage, Beat, DirectMessage, PeerMessage, ShippedRecord } from './messages.ts'
import type { PeerLink } from './peer-link.ts'
import { receive, type Reception } from './receive.ts'
import type { ReplicationMetrics } from './replication-metrics.ts'
import type { Syncs } from './syncs.ts'
import type { Ways } from './ways.ts'

export interface InboxOptions {
  readonly core: PlaneCore
  readonly members: Members
  readonly ways: Ways
  readonly batches: Batches
  readonly forwarding: Forwarding
  readonly metrics: ReplicationMetrics
  /** Our own beat first. */
  readonly beats: () => readonly Beat[]
  readonly isBooting: () => boolean
}

export class Inbox {
  readonly #options: InboxOptions

  constructor(options: InboxOptions) {
    this.#options = options
  }

  /** Somebody who proved to be a peer said this, for us or for another. */
  take(node: string, message: PeerMessage, syncs: Syncs): void {
    const { core, ways, metrics } = this.#options
    // First, so that a stall of ours is noticed before anything is handled.
    const nowMs = core.time.nowMs()
    metrics.received(message.kind, 1)
    if (message.kind !== 'relay') this.#handle(node, message, { nowMs, syncs })
    else if (message.to === core.options.node) {
      this.#handle(message.from, message.message, { nowMs, syncs })
    } else if (message.from === node) ways.passOn(node, message.to, message.message)
  }

  /** Merges a record in; `isNews` where it happened now. */
  receive(shipped: ShippedRecord, isNews: boolean): Reception {
    const { core, forwarding, metrics, isBooting } = this.#options
    const home = shipped.record.life?.home
    if (home) this.#outlive(home.node, home.inc)
    const reception = receive(core, shipped, {
      isNews,
      isBooting: isBooting(),
      handOver: (entry, evidenceAtMs) => {
        forwarding.handOver(entry, evidenceAtMs, core.time.lastMs)
      },
    })
    if (reception === 'merged') metrics.recordsMerged(1)
    else if (reception !== 'known' && reception !== 'incomplete') {
      metrics.recordsRefused(reception, 1)
    }
    return reception
  }

  #handle(
    from: string,
    message: DirectMessage,
    { nowMs, syncs }: { readonly nowMs: number; readonly syncs: Syncs },
  ): void {
    const { ways, batches, forwarding, beats } = this.#options
    const link = ways.links.get(from)
    switch (message.kind) {
      case 'batch':
        this.#batch(from, message, nowMs)
        break
      case 'ack':
        if (link) batches.acked(link, message, nowMs)
        break
      case 'forward':
        // Who has just stood still cannot tell how long it lay here; its sender will go elsewhere.
        if (this.#options.isBooting()) break
        forwarding.received(message, nowMs)
        ways.send(from, { kind: 'forward-ack', seq: message.seq }, nowMs)
        break
      case 'forward-ack':
        forwarding.acked(message.seq)
        break
      case 'digest':
        syncs.answerDigest(from, message, beats())
        break
      case 'digest-answer':
        this.#hear(message.beats, nowMs)
        syncs.digestAnswered(from, message)
        break
      case 'buckets':
        syncs.answerBuckets(from, message)
        break
      case 'buckets-answer':
        syncs.bucketsAnswered(from, message)
        break
    }
  }

  #batch(from: string, message: BatchMessage, nowMs: number): void {
    const { core, ways } = this.#options
    this.#hear(message.beats, nowMs)
    const missing: number[] = []
    message.records.forEach((record, at) => {
      if (this.receive(record, true) === 'incomplete') missing.push(at)
    })
    const { inc } = core.stamps.origin
    ways.send(from, { kind: 'ack', seq: message.seq, inc, missing }, nowMs)
    const link = ways.links.get(from)
    if (!link) return
    link.direct = new Set(message.direct)
    link.clockOffsetMs = message.wallMs - core.options.clock.wallMs()
    if (message.records.length === 0 && link.outbox.size === 0) this.#compare(link, message)
  }

  /** With nothing under way, both digests should be one. */
  #compare(link: PeerLink, { root }: BatchMessage): void {
    const [a, b] = this.#options.core.digest.root
    link.digestEqual = root[0] === a && root[1] === b
    link.mismatches = link.digestEqual ? 0 : link.mismatches + 1
  }

  /** Somebody heard of a later life of this node: from before our wall clock went back. */
  #outlive(node: string, inc: number): void {
    const { core } = this.#options
    if (node === core.options.node && inc > core.stamps.origin.inc) outlive(core, inc)
  }

  #hear(beats: readonly Beat[], nowMs: number): void {
    const { core, members } = this.#options
    for (const beat of beats) {
      this.#outlive(beat.node, beat.inc)
      if (beat.node === core.options.node || !members.hear(beat, nowMs)) continue
      // What only the disk knew of was ours to judge; now its home may speak for itself.
      for (const group of core.homes.groups()) {
        if (group.origin.node === beat.node) core.homes.walk(group)
      }
    }
  }
}
