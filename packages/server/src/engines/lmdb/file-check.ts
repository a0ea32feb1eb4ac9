/**
 * A look at the file before LMDB gets it: LMDB maps it into memory and believes what it says, so
 * a foreign file is overwritten, and a torn one takes the process down when it is read.
 *
 * @module
 */

import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock } from '@rollcall/runtime'
import { isWhole } from './page-walk.ts'

/** Where things stand in a meta page of LMDB's second data format, on a little-endian machine. */
const META = {
  flags: 18,
  magic: 24,
  version: 28,
  pageSize: 48,
  freeRoot: 88,
  mainRoot: 136,
  transaction: 152,
  bootId: 160,
}
const META_BYTES = 168
const IS_META = 0x08
const MAGIC = 0xbe_ef_c0_de
const DATA_VERSION = 2
const PAGE_MIN = 512
const PAGE_MAX = 65_536
/** LMDB's lock file for 126 readers. */
const LOCK_BYTES = 8_272

/**
 * Makes the folder, for this user alone, and looks at what is in it. Answers whether it is new;
 * throws `unavailable`.
 */
export async function checkFolder(folder: string, io: Clock): Promise<boolean> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = openSync(join(folder, 'lock.mdb'), 'a+', 0o600)
  try {
    reserveLock(lock)
  } finally {
    closeSync(lock)
  }
  const file = join(folder, 'data.mdb')
  const fd = openSync(file, 'a+', 0o600)
  try {
    const { size } = fstatSync(fd)
    if (size === 0) return true
    await checkData(file, fd, io)
    return false
  } finally {
    closeSync(fd)
  }
}

async function checkData(file: string, fd: number, io: Clock): Promise<void> {
  const first = readMeta(fd, 0)
  const pageSize = checkMeta(file, first)
  const second = readMeta(fd, pageSize)
  if (checkMeta(file, second) !== pageSize) throw foreign(file)
  const isSecond = transactionOf(second) > transactionOf(first)
  const newest = isSecond ? second : first
  const pages = { fd, pageSize, sizeBytes: fstatSync(fd).size }
  if (await isWhole(pages, rootsOf(newest), io)) return
  // After a crash of the machine LMDB goes back to what it last knew to be on the disk.
  const isOfThisBoot = newest.readBigInt64LE(META.bootId) === bootId()
  const flushed = readMeta(fd, pageSize / 2)
  if (isOfThisBoot || flushed.length < META_BYTES) throw torn(file)
  if (!(await isWhole(pages, rootsOf(flushed), io))) throw torn(file)
}

export function foreign(file: string): RegistryError {
  return refusal(file, 'foreign_file', 'is not a catalog that this version can read')
}

export function torn(file: string): RegistryError {
  return refusal(file, 'torn_file', 'is torn: some of it is missing')
}

function refusal(file: string, reason: string, what: string): RegistryError {
  const message = `The file "${file}" ${what}; move it away and restore a backup, or choose another folder with --data.`
  return new RegistryError('unavailable', message, { details: { file, reason } })
}

/** Answers the page size. */
function checkMeta(file: string, meta: Buffer): number {
  if (meta.length < META_BYTES) throw torn(file)
  const pageSize = meta.readUInt32LE(META.pageSize)
  const isOurs =
    (meta.readUInt16LE(META.flags) & IS_META) !== 0 &&
    meta.readUInt32LE(META.magic) === MAGIC &&
    (meta.readUInt32LE(META.version) & 0xff_ff) === DATA_VERSION &&
    pageSize >= PAGE_MIN &&
    pageSize <= PAGE_MAX
  if (!isOurs) throw foreign(file)
  return pageSize
}

function transactionOf(meta: Buffer): bigint {
  return meta.readBigUInt64LE(META.transaction)
}

function rootsOf(meta: Buffer): bigint[] {
  return [meta.readBigUInt64LE(META.freeRoot), meta.readBigUInt64LE(META.mainRoot)]
}

/** As LMDB takes it: the first digits. */
function bootId(): bigint | undefined {
  try {
    const [digits] = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').split('-')
    return BigInt(`0x${digits}`)
  } catch {
    return undefined
  }
}

function readMeta(fd: number, at: number): Buffer {
  const bytes = Buffer.alloc(META_BYTES)
  return bytes.subarray(0, readSync(fd, bytes, 0, META_BYTES, at))
}

/** LMDB writes to its lock file through memory: on a full disk a hole in it would end the process. */
function reserveLock(fd: number): void {
  const { size } = fstatSync(fd)
  if (size < LOCK_BYTES) writeSync(fd, Buffer.alloc(LOCK_BYTES - size), 0, undefined, size)
}
