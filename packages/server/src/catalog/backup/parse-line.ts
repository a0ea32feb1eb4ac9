/**
 * What one line of a backup says, if it says anything that a line of a backup can.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer'
import { LEASE_LIMITS } from '../limits.ts'
import { invalidBackup, type BackupFault } from './faults.ts'
import { FORMAT, VERSION, type BackupEnd, type BackupHeader, type BackupLease } from './format.ts'

/** Ten days, as the engine grants them at most. */
const TTL_MAX_MS = 864_000_000

export interface BackupEntry {
  readonly key: string
  readonly value: Buffer
  /** 0: none. */
  readonly lease: number
}

export type BackupLine =
  | { readonly kind: 'entry'; readonly entry: BackupEntry }
  | { readonly kind: 'lease'; readonly lease: BackupLease }
  | { readonly kind: 'end'; readonly end: BackupEnd }

type Fields = Readonly<Record<string, unknown>>

/** Throws `invalid_backup` for what is no header of a format that this version reads. */
export function parseHeader(bytes: Buffer): BackupHeader {
  const fields = fieldsOf(bytes, 1)
  if (fields['format'] !== FORMAT) {
    throw invalidBackup(1, 'header', 'this is not a backup of Rollcall.')
  }
  const { version } = fields
  if (typeof version === 'number' && Number.isSafeInteger(version) && version > VERSION) {
    const message = `the backup has format version ${version}, and this node reads up to ${VERSION}; restore it with the Rollcall that wrote it, or a newer one.`
    throw invalidBackup(1, 'newer_version', message)
  }
  const isHeader =
    hasOnly(fields, ['format', 'version', 'generation', 'revision', 'createdAt']) &&
    [version, fields['generation'], fields['revision'], fields['createdAt']].every(isCount) &&
    version === VERSION
  if (!isHeader) throw invalidBackup(1, 'header', 'the header of the backup is not whole.')
  return fields as unknown as BackupHeader
}

/** Throws `invalid_backup` for what is no line of a backup, whatever stands around it. */
export function parseLine(bytes: Buffer, line: number): BackupLine {
  const fields = fieldsOf(bytes, line)
  if ('k' in fields) return { kind: 'entry', entry: entryOf(fields, line) }
  if ('end' in fields) return { kind: 'end', end: endOf(fields, line) }
  if (hasOnly(fields, ['lease'])) return { kind: 'lease', lease: leaseOf(fields['lease'], line) }
  throw unknown(line)
}

function entryOf(fields: Fields, line: number): BackupEntry {
  const { k: key, v, lease = 0 } = fields
  const isEntry =
    hasOnly(fields, ['k', 'v', 'lease']) && typeof key === 'string' && typeof v === 'string'
  if (!isEntry || !isCount(lease) || (lease === 0 && 'lease' in fields)) throw unknown(line)
  const value = Buffer.from(v, 'base64')
  if (value.toString('base64') !== v) {
    throw invalidBackup(line, 'value', 'the value is not base64 with padding.')
  }
  return { key, value, lease }
}

function leaseOf(content: unknown, line: number): BackupLease {
  if (!isObject(content) || !hasOnly(content, ['id', 'name', 'ttlMs', 'kind'])) throw unknown(line)
  const { id, name, ttlMs, kind } = content
  const isLease =
    isCount(id) &&
    id > 0 &&
    isCount(ttlMs) &&
    ttlMs > 0 &&
    ttlMs <= TTL_MAX_MS &&
    typeof name === 'string' &&
    Buffer.byteLength(name) <= LEASE_LIMITS.nameBytes
  if (!isLease || (kind !== 'native' && kind !== 'raftd')) {
    throw invalidBackup(line, 'lease', 'no lease can be like this.')
  }
  return { id, name, ttlMs, kind }
}

function endOf(fields: Fields, line: number): BackupEnd {
  const { end, count, sha256, revision } = fields
  const isEnd =
    hasOnly(fields, ['end', 'count', 'sha256', 'revision']) &&
    end === true &&
    isCount(count) &&
    isCount(revision) &&
    typeof sha256 === 'string'
  if (!isEnd) throw unknown(line)
  return { count, sha256, revision }
}

function fieldsOf(bytes: Buffer, line: number): Fields {
  if (!isUtf8(bytes)) throw invalidBackup(line, 'not_utf8', 'it is not UTF-8.')
  const content = parsed(bytes)
  if (isObject(content)) return content
  const reason: BackupFault = line === 1 ? 'header' : 'not_json'
  throw invalidBackup(line, reason, 'it is not an object of JSON.')
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasOnly(fields: Fields, names: readonly string[]): boolean {
  return Object.keys(fields).every((name) => names.includes(name))
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function unknown(line: number) {
  return invalidBackup(line, 'line', 'it is no line that a backup has.')
}
