/**
 * Goes through the pages of LMDB's file without LMDB, which ends the process where a page is not
 * what it should be. Whatever a root leads to has to be there: the page in its place, of its
 * kind, with its nodes inside it. Values are not looked at.
 *
 * The layout is that of the data format that `file-check.ts` asks for (`mdb.c` of lmdb-js 3.5).
 *
 * @module
 */

import { readSync } from 'node:fs'
import type { Clock } from '@rollcall/runtime'
import { turn } from '../../catalog/engine/slices.ts'

/** Where things stand in a page, and what the flags mean. */
const PAGE = { header: 24, number: 0, flags: 18, lower: 20, overflowPages: 20 }
const IS_BRANCH = 0x01
const IS_LEAF = 0x02
const IS_OVERFLOW = 0x04
const NODE = { header: 8, flags: 4, keySize: 6 }
const HAS_OVERFLOW = 0x01
const IS_TABLE = 0x02
const OVERFLOW_POINTER_BYTES = 24
/** A table's root stands in its record. */
const TABLE = { bytes: 48, root: 40 }
const NO_PAGE = 0xffff_ffff_ffff_ffffn
const SLICE = 1_000

export interface PageFile {
  readonly fd: number
  readonly pageSize: number
  readonly sizeBytes: number
}

/** Whether all that these roots lead to is there. */
export async function isWhole(
  file: PageFile,
  roots: readonly bigint[],
  io: Clock,
): Promise<boolean> {
  const walk = new Walk(file)
  for (const root of roots) walk.add(root)
  for (let visited = 1; walk.hasMore; visited += 1) {
    if (!walk.visitNext()) return false
    if (visited % SLICE === 0) await turn(io)
  }
  return true
}

class Walk {
  readonly #file: PageFile
  readonly #page: Buffer
  readonly #waiting: number[] = []
  readonly #pages: number
  #visited = 0

  constructor(file: PageFile) {
    this.#file = file
    this.#page = Buffer.alloc(file.pageSize)
    this.#pages = Math.floor(file.sizeBytes / file.pageSize)
  }

  get hasMore(): boolean {
    return this.#waiting.length > 0
  }

  add(root: bigint): void {
    if (root !== NO_PAGE) this.#waiting.push(Number(root))
  }

  /** Looks at one page and notes those that it leads to. */
  visitNext(): boolean {
    const number = this.#waiting.pop() ?? 0
    this.#visited += 1
    // More pages than there are: the file leads in circles.
    if (this.#visited > this.#pages || !this.#read(number)) return false
    const flags = this.#page.readUInt16LE(PAGE.flags)
    const isBranch = (flags & IS_BRANCH) !== 0
    if (isBranch === ((flags & IS_LEAF) !== 0)) return false
    const count = this.#page.readUInt16LE(PAGE.lower) >> 1
    if (PAGE.header + count * 2 > this.#file.pageSize) return false
    for (let index = 0; index < count; index += 1) {
      const at = PAGE.header + this.#page.readUInt16LE(PAGE.header + index * 2)
      if (at + NODE.header > this.#file.pageSize) return false
      if (!(isBranch ? this.#visitBranch(at) : this.#visitLeaf(at))) return false
    }
    return true
  }

  #visitBranch(at: number): boolean {
    // The number of a page takes the place of size and flags.
    this.#waiting.push(this.#page.readUIntLE(at, 6))
    return true
  }

  #visitLeaf(at: number): boolean {
    const flags = this.#page.readUInt16LE(at + NODE.flags)
    const value = at + NODE.header + this.#page.readUInt16LE(at + NODE.keySize)
    const size = this.#page.readUInt32LE(at)
    const stored = (flags & HAS_OVERFLOW) === 0 ? size : OVERFLOW_POINTER_BYTES
    if (value + stored > this.#file.pageSize) return false
    if ((flags & HAS_OVERFLOW) !== 0) return this.#hasOverflow(value, size)
    if ((flags & IS_TABLE) === 0) return true
    if (size < TABLE.bytes) return false
    this.add(this.#page.readBigUInt64LE(value + TABLE.root))
    return true
  }

  /** A large value lies on pages of its own, of which only the first says so. */
  #hasOverflow(at: number, size: number): boolean {
    const first = Number(this.#page.readBigUInt64LE(at))
    const pages = Math.ceil((PAGE.header + size) / this.#file.pageSize)
    if (first + pages > this.#pages) return false
    const header = Buffer.alloc(PAGE.header)
    const { fd, pageSize } = this.#file
    if (readSync(fd, header, 0, PAGE.header, first * pageSize) < PAGE.header) return false
    return (
      Number(header.readBigUInt64LE(PAGE.number)) === first &&
      (header.readUInt16LE(PAGE.flags) & IS_OVERFLOW) !== 0 &&
      header.readUInt32LE(PAGE.overflowPages) >= pages
    )
  }

  #read(number: number): boolean {
    const { fd, pageSize } = this.#file
    if (number >= this.#pages) return false
    readSync(fd, this.#page, 0, pageSize, number * pageSize)
    return Number(this.#page.readBigUInt64LE(PAGE.number)) === number
  }
}
