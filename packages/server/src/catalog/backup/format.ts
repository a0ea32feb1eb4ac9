/**
 * The file of a backup: lines of JSON that say nothing about the engine that they come from.
 *
 * ```
 * {"format":"rollcall-backup","version":1,"generation":3,"revision":4711,"createdAt":1790000000000}
 * {"k":"k/a","v":"MQ=="}                                 keys, in their order
 * {"k":"k/b","v":"","lease":9}
 * {"lease":{"id":9,"name":"n","ttlMs":5000,"kind":"native"}}   leases, by their id
 * {"end":true,"count":2,"sha256":"…","revision":4711}   of all bytes before this line
 * ```
 *
 * A file without its last line is none: whoever reads one knows from there alone that it is whole.
 *
 * @module
 */

import type { LeaseKind } from '../catalog.ts'
import type { KeyValue, Lease } from '../engine.ts'
import { FAMILY } from '../key-schema.ts'

export const FORMAT = 'rollcall-backup'
/** Of what is written, and the greatest that is read. */
export const VERSION = 1

/** A value of a mebibyte in base64, its key with every character escaped, and some room. */
export const LINE_MAX_BYTES = 2 * 1_024 * 1_024

/** Many more than a node can hold; a file is refused before its leases fill the memory. */
export const LEASES_MAX = 2_000_000

export interface BackupHeader {
  readonly format: typeof FORMAT
  readonly version: number
  readonly generation: number
  readonly revision: number
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** A lease of the engine on which keys of the backup hang. */
export interface BackupLease extends Lease {
  /** As its owner named it; empty for that of a single key inside a raftd lease. */
  readonly name: string
  readonly kind: LeaseKind
}

export interface BackupEnd {
  /** Of keys. */
  readonly count: number
  /** Hexadecimal. */
  readonly sha256: string
  readonly revision: number
}

export function headerLine(header: Omit<BackupHeader, 'format' | 'version'>): string {
  const { generation, revision, createdAt } = header
  return line({ format: FORMAT, version: VERSION, generation, revision, createdAt })
}

export function entryLine({
  key,
  value,
  lease,
}: Pick<KeyValue, 'key' | 'value' | 'lease'>): string {
  const v = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  return line(lease === 0 ? { k: key, v } : { k: key, v, lease })
}

export function leaseLine({ id, name, ttlMs, kind }: BackupLease): string {
  return line({ lease: { id, name, ttlMs, kind } })
}

export function endLine({ count, sha256, revision }: BackupEnd): string {
  return line({ end: true, count, sha256, revision })
}

/**
 * Candidates and members join again after a restore, nodes say themselves where they are, who
 * holds a type has lost it, and a request that was answered before is no answer to one that comes
 * after.
 */
const NOT_KEPT: readonly RegExp[] = [
  new RegExp(`^(?:${FAMILY.election}|${FAMILY.request}|nodes)/`),
  /^!/,
  /^g\/[^/]*\/[mk]\//,
  new RegExp(`^${FAMILY.type}/[^/]*/!hold$`),
]

/** Whether a key belongs into a backup. */
export function isKept(key: string): boolean {
  return !NOT_KEPT.some((pattern) => pattern.test(key))
}

function line(content: object): string {
  return `${JSON.stringify(content)}\n`
}
