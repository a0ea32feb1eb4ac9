/**
 * What this node knows of its way to one peer, and what it has yet to tell it.
 *
 * @module
 */

import { LOST_MS } from '../constants.ts'
import { UNKNOWN } from '../entry.ts'
import { ACK_FRESH_MS } from './constants.ts'
import { Outbox } from './outbox.ts'

export class PeerLink {
  readonly node: string
  /** Addresses under which a channel to it is open: a node may be known by several. */
  readonly open = new Set<string>()
  readonly outbox = new Outbox()
  /** Plane time of the last acknowledgement of something that went the direct way. */
  ackedAtMs = UNKNOWN
  /** Plane time of the last acknowledgement by any way. */
  heardAckAtMs: number
  /** Plane time of the last sending that begins a batch. */
  batchedAtMs = UNKNOWN
  /** Since when changes have been waiting; unknown while none are. */
  waitingSinceMs = UNKNOWN
  /** What it reaches by the direct way, as it said last. */
  direct: ReadonlySet<string> = new Set()
  /** It was told less than everything, and is to be synced. */
  needsSync = false
  /** Not before: it boots itself, or did not answer the last time. */
  syncAgainAtMs = 0
  /** How often in a row its digest was another than ours while nothing was under way. */
  mismatches = 0
  digestEqual: boolean | undefined
  lookedAtMs = UNKNOWN
  /** Its wall time less ours, when a batch of it came. */
  clockOffsetMs: number | undefined
  readonly #sinceMs: number

  constructor(node: string, nowMs: number) {
    this.node = node
    this.heardAckAtMs = nowMs
    this.#sinceMs = nowMs
  }

  get connected(): boolean {
    return this.open.size > 0
  }

  /** Whether the direct way works, as far as acknowledgements tell; a new link is given a chance. */
  isDirect(nowMs: number): boolean {
    if (!this.connected) return false
    const lastMs = this.ackedAtMs === UNKNOWN ? this.#sinceMs : this.ackedAtMs
    return nowMs - lastMs < (this.ackedAtMs === UNKNOWN ? LOST_MS : ACK_FRESH_MS)
  }

  /** Whether an acknowledgement has just proved the direct way. */
  isProved(nowMs: number): boolean {
    return this.connected && this.ackedAtMs !== UNKNOWN && nowMs - this.ackedAtMs < ACK_FRESH_MS
  }

  /**
   * It does not answer, and is to be synced when it does. It may hear us all the same, so what
   * waits goes on being sent with our beats, as long as there is a channel.
   */
  giveUp(): void {
    this.needsSync = true
    if (this.connected) return
    this.outbox.clear()
    this.waitingSinceMs = UNKNOWN
  }

  /** Nothing was acknowledged for so long that telling it more is in vain. */
  isSilent(nowMs: number): boolean {
    return nowMs - this.heardAckAtMs >= LOST_MS
  }
}
