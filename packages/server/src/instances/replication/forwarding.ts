/**
 * Brings renewals that were accepted here home, in batches a few times a second, and claims
 * what cannot be brought there in time.
 *
 * @module
 */

import { keyOf } from '../digest.ts'
import { UNKNOWN, type Entry } from '../entry.ts'
import type { PlaneCore } from '../plane-core.ts'
import { isLive } from '../record.ts'
import { FORWARD_RENEWALS_MAX, HOPS_MAX } from './constants.ts'
import { Forwards, isOverdue, type Forward } from './forwards.ts'
import type { Members } from './members.ts'
import type { ForwardMessage } from './messages.ts'
import { claimRenewed, receiveRenewal } from './receive.ts'
import type { ReplicationMetrics } from './replication-metrics.ts'
import type { Ways } from './ways.ts'

export interface ForwardingOptions {
  readonly core: PlaneCore
  readonly members: Members
  readonly ways: Ways
  readonly metrics: ReplicationMetrics
}

type Load = { readonly entry: Entry; readonly renewedAtMs: number }[]

export class Forwarding {
  readonly #options: ForwardingOptions
  readonly #forwards = new Forwards()
  #seq = 0

  constructor(options: ForwardingOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#forwards.size
  }

  /** Takes a renewal of an entry; false where it has no way home. */
  take(entry: Entry, nowMs: number): boolean {
    const { members, ways } = this.#options
    const home = entry.record.life?.home
    if (!home || members.standing(home, nowMs) === 'lost') return false
    if (!ways.hasRoute(home.node, nowMs)) return false
    this.#forwards.add(entry, { renewedAtMs: nowMs, nowMs, hops: 0, isFresh: true })
    return true
  }

  /** Takes what was known of an entry's life to the home that it has now. */
  handOver(entry: Entry, evidenceAtMs: number, nowMs: number): void {
    this.#forwards.add(entry, { renewedAtMs: evidenceAtMs, nowMs, hops: 0, isFresh: false })
  }

  forget(entry: Entry): void {
    this.#forwards.forget(entry)
  }

  clear(): void {
    this.#forwards.clear()
  }

  acked(seq: number): void {
    this.#forwards.acked(seq)
  }

  /** Renewals that another node accepted, for us or to be passed on. */
  received({ hops, renewals }: ForwardMessage, nowMs: number): void {
    const { core, metrics } = this.#options
    metrics.delivered(renewals.length)
    for (const { key, ageMs } of renewals) {
      const entry = core.table.find(key)
      const renewedAtMs = nowMs - ageMs
      if (!entry || !receiveRenewal(core, entry, renewedAtMs) || hops >= HOPS_MAX) continue
      this.#forwards.add(entry, { renewedAtMs, nowMs, hops: hops + 1, isFresh: false })
    }
  }

  tick(nowMs: number): void {
    this.#forwards.expire(nowMs)
    const loads = new Map<string, Load>()
    for (const [entry, forward] of this.#forwards.due(nowMs)) {
      const home = this.#homeFor(entry, forward, nowMs)
      if (home === undefined) continue
      const path = `${forward.hops} ${home}`
      const load = loads.get(path) ?? []
      loads.set(path, load)
      load.push({ entry, renewedAtMs: forward.renewedAtMs })
    }
    for (const [path, load] of loads) this.#send(path, load, nowMs)
  }

  /** Where a renewal is to go; undefined for one that was claimed or given up. */
  #homeFor(entry: Entry, forward: Forward, nowMs: number): string | undefined {
    const { core, members } = this.#options
    const { record } = entry
    if (!isLive(record) || entry.home?.standing === 'own') {
      this.#forwards.forget(entry)
      return undefined
    }
    const { home } = record.life
    const { ttlMs } = record.content
    const isLost = members.standing(home, nowMs) === 'lost'
    if (!isLost && !isOverdue(forward, ttlMs, nowMs)) return home.node
    this.#forwards.forget(entry)
    // Only who took a renewal answers for it; who passes it on does not know how it went elsewhere,
    // and who was home before knows less than the one who took over, unless that one is gone.
    const isOurs = forward.isFresh || (isLost && forward.hops === 0)
    if (isOurs && entry.evidenceAtMs !== UNKNOWN && nowMs - forward.renewedAtMs < ttlMs)
      claimRenewed(core, entry)
    return undefined
  }

  #send(path: string, load: Load, nowMs: number): void {
    const [hops, ...home] = path.split(' ')
    const { ways, metrics } = this.#options
    for (let at = 0; at < load.length; at += FORWARD_RENEWALS_MAX) {
      const items = load.slice(at, at + FORWARD_RENEWALS_MAX)
      this.#seq += 1
      const message: ForwardMessage = {
        kind: 'forward',
        seq: this.#seq,
        hops: Number(hops),
        renewals: items.map(({ entry, renewedAtMs }) => ({
          key: keyOf(entry),
          ageMs: Math.max(0, nowMs - renewedAtMs),
        })),
      }
      if (ways.send(home.join(' '), message, nowMs) === 'none') continue
      this.#forwards.sent(this.#seq, items, nowMs)
      metrics.forwarded(items.length)
    }
  }
}
