/**
 * All entries of one service, by zone and id, with the counts that lists need.
 *
 * @module
 */

import type { ServiceKey } from '../model/instance-key.ts'
import { Entry, type ShownInstance } from './entry.ts'
import type { LossSet } from './loss-set.ts'
import { effectiveStatus } from './record.ts'

/** A zone's entries share its name: a million instances would hold as many copies of it. */
interface Zone {
  readonly zone: string
  readonly entries: Map<string, Entry>
}

/** Fits the nanoseconds of a millisecond, in which some clients count. */
const SEQ_END = 1_000_000

export class ServiceTable {
  readonly env: string
  readonly name: string
  /** Of the last visible change of any of its instances on this node. */
  revision = 0
  /** Wall time of that change; 0 where there was none. Never goes back. */
  changedAtMs = 0
  /** Tells changes of one millisecond apart: how many came before this one; below a million. */
  changedSeq = 0
  records = 0
  shownCount = 0
  upCount = 0
  /** What protection knows of it; made at the first registration. */
  losses: LossSet | undefined
  /** What is shown only because this node is cut off from its peers; made when that happens. */
  isolated: Set<Entry> | undefined
  readonly #zones = new Map<string, Zone>()
  readonly #shownByZone = new Map<string, number>()

  /** The node's revision when this table was made; it knows nothing of changes before. */
  readonly bornRevision: number

  constructor({ env, service }: ServiceKey, bornRevision: number) {
    this.env = env
    this.name = service
    this.bornRevision = bornRevision
  }

  get(zone: string, id: string): Entry | undefined {
    return this.#zones.get(zone)?.entries.get(id)
  }

  /** Finds the entry, or makes an empty one. */
  take(zone: string, id: string): Entry {
    let place = this.#zones.get(zone)
    if (!place) {
      place = { zone, entries: new Map() }
      this.#zones.set(zone, place)
    }
    let entry = place.entries.get(id)
    if (!entry) {
      entry = new Entry(this, place.zone, id)
      place.entries.set(id, entry)
      this.records += 1
    }
    return entry
  }

  /** Forgets an entry; the caller has seen to it that nobody is shown it any more. */
  drop(entry: Entry): void {
    const entries = this.#zones.get(entry.zone)?.entries
    if (entries?.delete(entry.id) !== true) return
    this.records -= 1
    if (entries.size === 0) this.#zones.delete(entry.zone)
  }

  /** The entry of an id, where the service has a single zone: nearly always, and many times a second. */
  onlyZone(id: string): Entry | undefined {
    if (this.#zones.size !== 1) return undefined
    for (const { entries } of this.#zones.values()) return entries.get(id)
    return undefined
  }

  /** Entries of one id, one per zone that has a record of it. */
  withId(id: string): Entry[] {
    const found: Entry[] = []
    for (const { entries } of this.#zones.values()) {
      const entry = entries.get(id)
      if (entry) found.push(entry)
    }
    return found
  }

  *entries(): Iterable<Entry> {
    for (const { entries } of this.#zones.values()) yield* entries.values()
  }

  *shown(): Iterable<ShownInstance> {
    for (const entry of this.entries()) if (entry.isShown()) yield entry
  }

  /** Zones in which an instance is shown, with how many. */
  shownByZone(): ReadonlyMap<string, number> {
    return this.#shownByZone
  }

  /** Notes a visible change: its revision on this node, and when it was. */
  changed(revision: number, wallMs: number): void {
    this.revision = revision
    const isFull = this.changedSeq + 1 === SEQ_END
    const atMs = Math.max(wallMs, this.changedAtMs + Number(isFull))
    this.changedSeq = atMs > this.changedAtMs ? 0 : this.changedSeq + 1
    this.changedAtMs = atMs
  }

  /** Counts a shown entry in (`by` 1) or out (-1); out before its record changes, in after. */
  count(entry: Entry, by: 1 | -1): void {
    if (!entry.isShown()) return
    this.shownCount += by
    if (effectiveStatus(entry.record) === 'up') this.upCount += by
    const inZone = (this.#shownByZone.get(entry.zone) ?? 0) + by
    if (inZone === 0) this.#shownByZone.delete(entry.zone)
    else this.#shownByZone.set(entry.zone, inZone)
  }
}
