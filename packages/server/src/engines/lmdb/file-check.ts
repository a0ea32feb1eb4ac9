/**
 * A look at the file before LMDB gets it: LMDB maps it into memory and believes what it says, so
 * a foreign file is overwritten, and a torn one takes the process down when it is read.
 *
 * @module
 */

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { RegistryError } from '@rollcall/protocol/errors'

/** Where things stand in a meta page of LMDB's second data format, on a little-endian machine. */
const META = { flags: 18, magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 }
const META_BYTES = 160
const IS_META = 0x08
const MAGIC = 0xbe_ef_c0_de
const DATA_VERSION = 2
const PAGE_MIN = 512
const PAGE_MAX = 65_536
/** Pages at the end that were taken and given back in one transaction were never written. */
const UNWRITTEN_PAGES = 256
/** LMDB's lock file for 126 readers. */
const LOCK_BYTES = 8_272

export interface FileCheck {
  readonly isNew: boolean
  /** Its end was never written, or is lost: everything has to be looked at once. */
  readonly isShort: boolean
}

/** Makes the folder, for this user alone, and looks at what is in it. Throws `unavailable`. */
export function checkFolder(folder: string): FileCheck {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  reserveLock(join(folder, 'lock.mdb'))
  return withFile(join(folder, 'data.mdb'), (file, fd) => {
    const { size } = fstatSync(fd)
    if (size === 0) return { isNew: true, isShort: false }
    const pageSize = checkMeta(file, readMeta(fd, 0))
    const metas = [readMeta(fd, 0), readMeta(fd, pageSize)]
    for (const meta of metas) if (checkMeta(file, meta) !== pageSize) throw foreign(file)
    const needed = (lastPageOf(metas) + 1) * pageSize
    const missing = (needed - size) / pageSize
    if (missing > UNWRITTEN_PAGES) throw torn(file)
    // Zeros are an error to LMDB; bytes that are not there are the end of the process.
    if (missing > 0) ftruncateSync(fd, needed)
    return { isNew: false, isShort: missing > 0 }
  })
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

/** Of the newest transaction. */
function lastPageOf(metas: readonly Buffer[]): number {
  let newest = { transaction: -1n, lastPage: 0n }
  for (const meta of metas) {
    const transaction = meta.readBigUInt64LE(META.transaction)
    if (transaction <= newest.transaction) continue
    newest = { transaction, lastPage: meta.readBigUInt64LE(META.lastPage) }
  }
  return Number(newest.lastPage)
}

function readMeta(fd: number, at: number): Buffer {
  const bytes = Buffer.alloc(META_BYTES)
  return bytes.subarray(0, readSync(fd, bytes, 0, META_BYTES, at))
}

/** LMDB writes to its lock file through memory: on a full disk a hole in it would end the process. */
function reserveLock(path: string): void {
  withFile(path, (_, fd) => {
    const { size } = fstatSync(fd)
    if (size < LOCK_BYTES) writeSync(fd, Buffer.alloc(LOCK_BYTES - size), 0, undefined, size)
  })
}

function withFile<T>(file: string, act: (file: string, fd: number) => T): T {
  const fd = openSync(file, 'a+', 0o600)
  try {
    return act(file, fd)
  } finally {
    closeSync(fd)
  }
}
