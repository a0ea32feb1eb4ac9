/**
 * What nodes hold of one instance: three parts that merge separately, so that no writer
 * undoes what it did not mean to touch. Records and their parts are never changed in place.
 *
 * @module
 */

import type { InstanceStatus } from '../model/instance-status.ts'
import type { Origin, Stamp } from './stamp.ts'

/** Is it there, and who vouches. */
export interface Life {
  /** One life of one client process. Claims, refreshes and evictions keep it. */
  readonly gen: Stamp
  readonly cancelled: boolean
  readonly ver: Stamp
  /** A mark on `ver`, so that any later sign of life beats it. */
  readonly evicted: boolean
  /** Who holds the deadline. */
  readonly home: Origin
  /** Epoch milliseconds of the cancel or eviction; 0 while alive. */
  readonly tombAtMs: number
}

/** What the client says of itself. */
export interface Facts {
  readonly hostname: string
  readonly addresses: readonly string[]
  readonly version: string
  readonly weight: number
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  readonly status: InstanceStatus
  readonly ttlMs: number
}

/** The client's facts with their version, and what is carried over within one life. */
export interface Content extends Facts {
  readonly gen: Stamp
  readonly cver: Stamp
  /** The version under which the client said it; `cver` itself, unless an operator has patched it since. */
  readonly said: Stamp
  /** Epoch milliseconds; the start of this life. */
  readonly registeredAtMs: number
  /** Epoch milliseconds; last time the status became `up`, 0 if never. */
  readonly upSinceMs: number
}

/** What an operator says over a whole service, kept under the reserved id `POLICY_ID`. */
export type ProtectionPolicy = 'protection_ended' | 'protection_forbidden'

/** What an operator decided. Outlives death and registration; null lifts it. */
export interface Override {
  readonly over: Stamp
  readonly value: InstanceStatus | ProtectionPolicy | null
}

/** A part that nobody has written yet is null, and loses to any that was. */
export interface InstanceRecord {
  readonly life: Life | null
  readonly content: Content | null
  readonly override: Override | null
}

/** A record that clients may be shown: it has a life that has not ended. */
export interface LiveRecord extends InstanceRecord {
  readonly life: Life
  readonly content: Content
}

export const EMPTY_RECORD: InstanceRecord = { life: null, content: null, override: null }

/** In no name's grammar, so no client can register under it. */
export const POLICY_ID = '!protection'

/**
 * Content of these facts. Field by field: spreading would give every instance a hidden class
 * of its own, which costs more memory than the instance.
 */
export function contentOf(facts: Facts, version: Omit<Content, keyof Facts>): Content {
  return {
    hostname: facts.hostname,
    addresses: facts.addresses,
    version: facts.version,
    weight: facts.weight,
    tags: facts.tags,
    metadata: facts.metadata,
    status: facts.status,
    ttlMs: facts.ttlMs,
    gen: version.gen,
    cver: version.cver,
    said: version.said,
    registeredAtMs: version.registeredAtMs,
    upSinceMs: version.upSinceMs,
  }
}

/** Whether an operator has changed something of what the client said. */
export function isPatched({ cver, said }: Content): boolean {
  return said.at !== cver.at
}

/** The same life with a new version, vouched for by `home`. */
export function vouched(
  { gen, cancelled, evicted, tombAtMs }: Life,
  ver: Stamp,
  home: Origin,
): Life {
  return { gen, cancelled, ver, evicted, home, tombAtMs }
}

export function isLive(record: InstanceRecord): record is LiveRecord {
  const { life } = record
  return life !== null && !life.cancelled && !life.evicted && record.content !== null
}

/** What a client should act on: the override where there is one. */
export function effectiveStatus(record: LiveRecord): InstanceStatus {
  return statusOverride(record) ?? record.content.status
}

/** The operator's status, if one stands. */
export function statusOverride({ override }: InstanceRecord): InstanceStatus | undefined {
  const value = override?.value ?? null
  if (value === null || value === 'protection_ended' || value === 'protection_forbidden') {
    return undefined
  }
  return value
}
