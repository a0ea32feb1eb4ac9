/**
 * An instance as this node holds it: the record that all nodes share, and around it what
 * only this node knows.
 *
 * @module
 */

import type { HomeGroup } from './homes.ts'
import { NO_HISTORY, type History } from './history.ts'
import { EMPTY_RECORD, isLive, type InstanceRecord, type LiveRecord } from './record.ts'
import type { ServiceTable } from './service-table.ts'
import { NOT_DUE, type Timed } from './timing-wheel.ts'

/** What readers of the plane see of an entry that is shown. */
export interface ShownInstance {
  readonly service: { readonly env: string; readonly name: string }
  readonly zone: string
  readonly id: string
  readonly record: LiveRecord
  /** Of its last visible change here. */
  readonly revision: number
  /** Epoch milliseconds since protection keeps it, 0 if it does not. */
  readonly heldSinceMs: number
}

/** Never; for times on the plane's clock that may not be known. */
export const UNKNOWN = -1

export class Entry implements Timed<Entry> {
  readonly service: ServiceTable
  readonly zone: string
  readonly id: string
  record: InstanceRecord = EMPTY_RECORD
  /** When the deadline, the hide time or the horizon comes: which, the entry's state says. */
  dueAtMs = NOT_DUE
  wheelNext: Entry | null = null
  wheelPrevious: Entry | null = null
  /** Plane time of the last renewal accepted here. */
  evidenceAtMs = UNKNOWN
  /** Plane time at which its present life was first seen here; what protection calls new. */
  bornAtMs = UNKNOWN
  /** All that one home vouches for hangs together: see `homes.ts`, which alone writes these. */
  home: HomeGroup | null = null
  homeNext: Entry | null = null
  homePrevious: Entry | null = null
  /** The next in its bucket of the digest: see `digest.ts`, which alone writes these. */
  bucketNext: Entry | null = null
  inDigest = false
  /** Plane time at which it is to be hidden; known while its home is lost. */
  hideAtMs = UNKNOWN
  /** Latched when `hideAtMs` has passed. */
  hidden = false
  /** Which of protection's two sets count it: see `protection.ts`, which alone writes this. */
  countedIn = 0
  heldSinceMs = 0
  revision = 0
  history: History = NO_HISTORY

  constructor(service: ServiceTable, zone: string, id: string) {
    this.service = service
    this.zone = zone
    this.id = id
  }

  /** Whether clients see it. */
  isShown(): this is ShownInstance & Entry {
    return !this.hidden && isLive(this.record)
  }
}
