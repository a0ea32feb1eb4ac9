/**
 * How things lie on the disk. Numbers are big-endian, so that keys sort by them; whole numbers
 * to 2^53 take eight bytes.
 *
 * ```
 * kv      <generation 4> <key>            create 8 | mod 8 | lease 8 | value
 * leases  <generation 4> <lease 8>        ttl 8
 * leased  <generation 4> <lease 8> <key>  (nothing: one byte)
 * log     <revision 8>                    bytes so far 8 | changes
 * meta    "state", "owner", "probe"       JSON, but the probe
 * ```
 *
 * A create or mod revision of 0 means the revision at which the generation began: a restore
 * writes its entries before it knows that.
 *
 * @module
 */

import type { Batch, Change, KeyValue } from '../../catalog/engine.ts'
import type { KeyHead } from '../../catalog/engine/decide.ts'

const GENERATION_BYTES = 4
const NUMBER_BYTES = 8
const TWO_32 = 2 ** 32
export const HEAD_BYTES = 24

/** LMDB takes no empty values. */
export const NOTHING = Buffer.from([0])

export function writeNumber(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / TWO_32), at)
  bytes.writeUInt32BE(value % TWO_32, at + 4)
}

export function readNumber(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) * TWO_32 + readUint32(bytes, at + 4)
}

function readUint32(bytes: Uint8Array, at: number): number {
  const low = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
  return (bytes[at] ?? 0) * 2 ** 24 + low
}

/** The key of a number: of a revision in the log. */
export function numberKey(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES)
  writeNumber(bytes, value, 0)
  return bytes
}

/** Where a key of a generation lies; with an empty key, where the generation begins. */
export function entryKey(generation: number, key: string): Buffer {
  const bytes = Buffer.allocUnsafe(GENERATION_BYTES + Buffer.byteLength(key))
  bytes.writeUInt32BE(generation, 0)
  bytes.write(key, GENERATION_BYTES)
  return bytes
}

export function leaseKey(generation: number, lease: number): Buffer {
  const bytes = Buffer.allocUnsafe(GENERATION_BYTES + NUMBER_BYTES)
  bytes.writeUInt32BE(generation, 0)
  writeNumber(bytes, lease, GENERATION_BYTES)
  return bytes
}

export function leasedKey(generation: number, lease: number, key: string): Buffer {
  return Buffer.concat([leaseKey(generation, lease), Buffer.from(key)])
}

export function keyOfEntry(bytes: Buffer): string {
  return bytes.toString('utf8', GENERATION_BYTES)
}

export function idOfLease(bytes: Buffer): number {
  return readNumber(bytes, GENERATION_BYTES)
}

export function keyOfLeased(bytes: Buffer): string {
  return bytes.toString('utf8', GENERATION_BYTES + NUMBER_BYTES)
}

export function generationOf(bytes: Buffer): number {
  return bytes.readUInt32BE(0)
}

/**
 * The first key after all that begin with these bytes. They end in a character of UTF-8, or in a
 * generation, neither of which is all ones; a lease's id may be.
 */
export function endOf(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  for (let at = end.length - 1; at >= 0; at -= 1) {
    const byte = end[at] ?? 0
    end[at] = (byte + 1) & 0xff
    if (byte !== 0xff) break
  }
  return end
}

/** The first key after this one. */
export function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.from([0])])
}

export function encodeEntry(entry: Omit<KeyValue, 'key'>): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + entry.value.byteLength)
  writeNumber(bytes, entry.createRevision, 0)
  writeNumber(bytes, entry.modRevision, NUMBER_BYTES)
  writeNumber(bytes, entry.lease, NUMBER_BYTES * 2)
  bytes.set(entry.value, HEAD_BYTES)
  return bytes
}

/** Reads what stands before a value. `base` is the revision at which the generation began. */
export function decodeHead(key: string, bytes: Uint8Array, base: number): KeyHead {
  return {
    key,
    createRevision: readNumber(bytes, 0) || base,
    modRevision: readNumber(bytes, NUMBER_BYTES) || base,
    lease: readNumber(bytes, NUMBER_BYTES * 2),
  }
}

/** Takes bytes over that nobody else holds. */
export function decodeEntry(key: string, bytes: Uint8Array, base: number): KeyValue {
  return {
    key,
    value: bytes.subarray(HEAD_BYTES),
    createRevision: readNumber(bytes, 0) || base,
    modRevision: readNumber(bytes, NUMBER_BYTES) || base,
    lease: readNumber(bytes, NUMBER_BYTES * 2),
  }
}

const PUT = 1
const DELETE = 0
/** Kind, and the length of the key. */
const CHANGE_BYTES = 3
/** Create revision, lease, and the length of the value. */
const PUT_BYTES = NUMBER_BYTES * 2 + 4

/** One revision for the log. `bytesSoFar` counts all that was ever logged before it. */
export function encodeBatch(changes: readonly Change[], bytesSoFar: number): Buffer {
  let size = NUMBER_BYTES
  for (const change of changes) size += sizeOf(change)
  const bytes = Buffer.allocUnsafe(size)
  writeNumber(bytes, bytesSoFar + size, 0)
  let at = NUMBER_BYTES
  for (const change of changes) at = writeChange(bytes, change, at)
  return bytes
}

function sizeOf(change: Change): number {
  if (change.kind === 'delete') return CHANGE_BYTES + Buffer.byteLength(change.key)
  const { key, value } = change.entry
  return CHANGE_BYTES + Buffer.byteLength(key) + PUT_BYTES + value.byteLength
}

function writeChange(bytes: Buffer, change: Change, start: number): number {
  const key = change.kind === 'put' ? change.entry.key : change.key
  const keyBytes = bytes.write(key, start + CHANGE_BYTES)
  bytes.writeUInt8(change.kind === 'put' ? PUT : DELETE, start)
  bytes.writeUInt16BE(keyBytes, start + 1)
  const at = start + CHANGE_BYTES + keyBytes
  if (change.kind === 'delete') return at
  const { createRevision, lease, value } = change.entry
  writeNumber(bytes, createRevision, at)
  writeNumber(bytes, lease, at + NUMBER_BYTES)
  bytes.writeUInt32BE(value.byteLength, at + NUMBER_BYTES * 2)
  bytes.set(value, at + PUT_BYTES)
  return at + PUT_BYTES + value.byteLength
}

/** How many bytes were logged up to and with this entry. */
export function bytesSoFar(logged: Uint8Array): number {
  return readNumber(logged, 0)
}

export function decodeBatch(revision: number, logged: Buffer): Batch {
  const changes: Change[] = []
  let at = NUMBER_BYTES
  while (at < logged.length) {
    const isPut = logged.readUInt8(at) === PUT
    const keyEnd = at + CHANGE_BYTES + logged.readUInt16BE(at + 1)
    const key = logged.toString('utf8', at + CHANGE_BYTES, keyEnd)
    at = keyEnd
    if (!isPut) {
      changes.push({ kind: 'delete', key })
      continue
    }
    const createRevision = readNumber(logged, at)
    const lease = readNumber(logged, at + NUMBER_BYTES)
    const valueStart = at + PUT_BYTES
    at = valueStart + logged.readUInt32BE(at + NUMBER_BYTES * 2)
    const value = logged.subarray(valueStart, at)
    const entry = { key, value, createRevision, modRevision: revision, lease }
    changes.push({ kind: 'put', entry })
  }
  return { revision, changes }
}
