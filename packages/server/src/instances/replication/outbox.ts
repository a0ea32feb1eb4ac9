/**
 * What one peer has yet to be told: a set of entries, not a list of changes, since only the
 * newest state of a record is ever sent.
 *
 * @module
 */

import type { Entry } from '../entry.ts'
import { EMPTY_RECORD, isLive, type InstanceRecord } from '../record.ts'
import {
  BATCH_BYTES,
  BATCH_RECORDS_MAX,
  BATCHES_IN_FLIGHT_MAX,
  OUTBOX_MAX,
  RESEND_MS,
} from './constants.ts'
import type { ShippedRecord } from './messages.ts'
import { roughBytes } from './record-codec.ts'
import { shippedOf } from './shipped-record.ts'

interface Waiting {
  /** Plane time of the last sending; long ago for what was not sent yet. */
  sentAtMs: number
  /** The peer has the rest of the record already. */
  lifeOnly: boolean
}

/** What may leave in one batch. */
export interface Taken {
  readonly entries: readonly Entry[]
  /** What is sent of each. */
  readonly records: readonly ShippedRecord[]
  /** There may be more. */
  readonly isFull: boolean
}

/** What left in one batch. */
export interface Sent {
  readonly entries: readonly Entry[]
  readonly records: readonly InstanceRecord[]
  /** Of which the peer was sent the life alone. */
  readonly lifeOnly: readonly boolean[]
  readonly atMs: number
  /** Whether it went the direct way, so that its acknowledgement proves that to be open. */
  readonly direct: boolean
}

const NEVER = -1_000_000

export class Outbox {
  /** In order of sending: what was sent last stands last. */
  readonly #waiting = new Map<Entry, Waiting>()
  readonly #inFlight = new Map<number, Sent>()
  #overflowed = false

  get size(): number {
    return this.#waiting.size
  }

  has(entry: Entry): boolean {
    return this.#waiting.has(entry)
  }

  /** Whether changes were dropped since this was asked last. */
  takeOverflow(): boolean {
    const overflowed = this.#overflowed
    this.#overflowed = false
    return overflowed
  }

  /** Notes that a record changed. */
  add(entry: Entry, lifeOnly: boolean): void {
    const waiting = this.#waiting.get(entry)
    if (waiting) {
      waiting.lifeOnly &&= lifeOnly
      waiting.sentAtMs = NEVER
      return
    }
    if (this.#waiting.size >= OUTBOX_MAX) {
      this.clear()
      this.#overflowed = true
    }
    this.#waiting.set(entry, { sentAtMs: NEVER, lifeOnly })
  }

  /** Forgets everything: the peer will be synced. */
  clear(): void {
    this.#waiting.clear()
    this.#inFlight.clear()
  }

  /** The next batch: what was never sent, and what should have been acknowledged by now. */
  take(nowMs: number): Taken {
    this.#expire(nowMs)
    const taken = { entries: [] as Entry[], records: [] as ShippedRecord[], isFull: false }
    if (this.#waiting.size === 0 || this.#inFlight.size >= BATCHES_IN_FLIGHT_MAX) return taken
    let bytes = 0
    for (const [entry, { sentAtMs, lifeOnly }] of this.#waiting) {
      if (nowMs - sentAtMs < RESEND_MS) continue
      const record = shippedOf(entry, partOf(entry, lifeOnly), nowMs)
      taken.entries.push(entry)
      taken.records.push(record)
      bytes += roughBytes(record)
      taken.isFull = taken.entries.length === BATCH_RECORDS_MAX || bytes >= BATCH_BYTES
      if (taken.isFull) break
    }
    return taken
  }

  /** Notes that these entries left as they are now. */
  sent(
    seq: number,
    entries: readonly Entry[],
    how: { readonly atMs: number; readonly direct: boolean },
  ) {
    const records = entries.map(({ record }) => record)
    const lifeOnly = entries.map((entry) => this.#waiting.get(entry)?.lifeOnly === true)
    this.#inFlight.set(seq, { entries, records, lifeOnly, ...how })
    for (const entry of entries) {
      const waiting = this.#waiting.get(entry)
      if (!waiting) continue
      waiting.sentAtMs = how.atMs
      this.#waiting.delete(entry)
      this.#waiting.set(entry, waiting)
    }
  }

  /**
   * A batch was merged, but for the records at `missing`, of which the peer needs the whole.
   * Answers the batch; undefined where its acknowledgement comes too late to count.
   */
  acked(seq: number, missing: readonly number[]): Sent | undefined {
    const sent = this.#inFlight.get(seq)
    if (!sent) return undefined
    this.#inFlight.delete(seq)
    sent.entries.forEach((entry, at) => {
      if (entry.record !== sent.records[at]) return
      const waiting = this.#waiting.get(entry)
      if (missing.includes(at)) this.#waiting.set(entry, { sentAtMs: NEVER, lifeOnly: false })
      else if (sent.lifeOnly[at] !== true || waiting?.lifeOnly === true) this.#waiting.delete(entry)
    })
    return sent
  }

  /** A batch that was not acknowledged in time makes room for the next; its entries are still waiting. */
  #expire(nowMs: number): void {
    for (const [seq, { atMs }] of this.#inFlight) {
      if (nowMs - atMs >= RESEND_MS * 4) this.#inFlight.delete(seq)
    }
  }
}

/** The part of an entry's record that the peer needs. */
function partOf({ record }: Entry, lifeOnly: boolean): InstanceRecord {
  if (lifeOnly) return { ...EMPTY_RECORD, life: record.life }
  // Nobody asks a tombstone what it was; whoever has it keeps its own copy.
  return isLive(record) || record.life === null ? record : { ...record, content: null }
}
