/**
 * Reads a backup line by line and checks all of it: what each line says, that keys are in their
 * order and leases are listed, and that the last line speaks of exactly the bytes before it.
 * Nothing that it has handed out counts before `finish` has returned.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { hasCode } from '@rollcall/protocol/errors'
import { checkKey } from '../engine/check-key.ts'
import {
  COMMIT_LIMITS,
  LARGE_ENTRY_BYTES,
  LEASE_KEYS_LIMIT,
  type ContentSize,
  type Lease,
} from '../engine.ts'
import { compareKeys } from '../key-order.ts'
import { faultOf, type EntryFault } from './check-entry.ts'
import { TreeCheck } from './check-tree.ts'
import { invalidBackup } from './faults.ts'
import {
  endLine,
  isKept,
  LEASES_MAX,
  type BackupEnd,
  type BackupHeader,
  type BackupLease,
} from './format.ts'
import { Lines } from './lines.ts'
import { parseHeader, parseLine, type BackupEntry } from './parse-line.ts'

/** What a whole backup holds. */
export interface BackupSummary {
  readonly header: BackupHeader
  readonly leases: readonly Lease[]
  readonly size: ContentSize
}

/** The keys that hang on a lease, and the line of the first. */
interface LeaseUse {
  readonly line: number
  keys: number
}

const FAULTS: Readonly<Record<EntryFault, string>> = {
  key: 'no key can be like this.',
  value: 'the value does not fit its key.',
  lease: 'the key does not hang on the lease that it belongs to.',
}

export class BackupReader {
  readonly #lines = new Lines()
  readonly #hash = createHash('sha256')
  readonly #uses = new Map<number, LeaseUse>()
  readonly #leases: Lease[] = []
  readonly #tree = new TreeCheck()
  readonly #size = { entries: 0, bytes: 0, large: 0 }
  #header: BackupHeader | undefined
  #lastKey: string | undefined
  #isOver = false

  /** To be called at the end of the bytes. Throws `invalid_backup` when they are not a whole backup. */
  finish(): BackupSummary {
    const line = this.#lines.count + (this.#lines.isTorn ? 1 : 0)
    if (this.#lines.isTorn && this.#isOver) throw this.#afterEnd(line)
    if (!this.#header || !this.#isOver) {
      const message = 'the backup ends here, before its last line; it was cut off.'
      throw invalidBackup(Math.max(1, line), 'truncated', message)
    }
    return { header: this.#header, leases: this.#leases, size: { ...this.#size } }
  }

  /** The entries of the lines that end in this piece. Throws `invalid_backup`. */
  *take(chunk: Uint8Array): Generator<BackupEntry, void, undefined> {
    for (const bytes of this.#lines.cut(chunk)) {
      const entry = this.#takeLine(bytes)
      if (entry) yield entry
    }
  }

  #takeLine(bytes: Buffer): BackupEntry | undefined {
    const line = this.#lines.count
    if (this.#isOver) throw this.#afterEnd(line)
    if (!this.#header) {
      this.#header = parseHeader(bytes)
      this.#hashLine(bytes)
      return undefined
    }
    const said = parseLine(bytes, line)
    if (said.kind === 'end') {
      this.#takeEnd(said.end, { bytes, line })
      return undefined
    }
    this.#hashLine(bytes)
    if (said.kind === 'lease') {
      this.#takeLease(said.lease, line)
      return undefined
    }
    this.#takeEntry(said.entry, line)
    return said.entry
  }

  #takeEntry(entry: BackupEntry, line: number): void {
    const { key, value, lease } = entry
    if (this.#leases.length > 0) {
      throw invalidBackup(line, 'key_order', 'keys stand before leases.')
    }
    const bytes = keyBytes(key, line) + value.length
    if (!isKept(key)) {
      throw invalidBackup(line, 'ephemeral', 'a key of this kind is in no backup.')
    }
    if (this.#lastKey !== undefined && compareKeys(this.#lastKey, key) >= 0) {
      throw invalidBackup(line, 'key_order', 'the keys are not in their order, each once.')
    }
    const fault = bytes > COMMIT_LIMITS.bytes ? 'value' : faultOf(entry)
    if (fault) throw invalidBackup(line, fault, FAULTS[fault])
    this.#tree.take(entry, line)
    this.#lastKey = key
    if (lease !== 0) this.#use(lease, line)
    this.#size.entries += 1
    this.#size.bytes += bytes
    if (bytes > LARGE_ENTRY_BYTES) this.#size.large += 1
  }

  #use(lease: number, line: number): void {
    const use = this.#uses.get(lease) ?? { line, keys: 0 }
    use.keys += 1
    this.#uses.set(lease, use)
    if (use.keys > LEASE_KEYS_LIMIT) {
      throw invalidBackup(line, 'lease', `more than ${LEASE_KEYS_LIMIT} keys hang on one lease.`)
    }
    this.#checkLeases(this.#uses.size, line)
  }

  #takeLease({ id, ttlMs }: BackupLease, line: number): void {
    if (id <= (this.#leases.at(-1)?.id ?? 0)) {
      throw invalidBackup(line, 'lease', 'the leases are not in their order, each once.')
    }
    this.#uses.delete(id)
    this.#leases.push({ id, ttlMs })
    this.#checkLeases(this.#leases.length, line)
  }

  #checkLeases(count: number, line: number): void {
    if (count <= LEASES_MAX) return
    throw invalidBackup(line, 'lease', `a backup has at most ${LEASES_MAX} leases.`)
  }

  #takeEnd(end: BackupEnd, { bytes, line }: { bytes: Buffer; line: number }): void {
    const [unlisted] = this.#uses.values()
    if (unlisted) {
      throw invalidBackup(unlisted.line, 'lease', 'the lease of this key is not listed.')
    }
    this.#tree.finish()
    const { entries: count } = this.#size
    const revision = this.#header?.revision ?? 0
    if (end.count !== count) {
      throw invalidBackup(line, 'count', `it speaks of ${end.count} keys, and ${count} are there.`)
    }
    if (end.revision !== revision) {
      throw invalidBackup(line, 'revision', 'it speaks of another revision than the first line.')
    }
    const sha256 = this.#hash.digest('hex')
    if (`${bytes.toString()}\n` !== endLine({ count, sha256, revision })) {
      throw invalidBackup(line, 'checksum', 'the checksum is that of other bytes.')
    }
    this.#isOver = true
  }

  #hashLine(bytes: Buffer): void {
    this.#hash.update(bytes).update('\n')
  }

  #afterEnd(line: number) {
    return invalidBackup(line, 'after_end', 'something follows the end of the backup.')
  }
}

function keyBytes(key: string, line: number): number {
  try {
    return checkKey(key)
  } catch (error) {
    if (!hasCode(error, 'invalid_argument') && !hasCode(error, 'limit_exceeded')) throw error
    throw invalidBackup(line, 'key', error.message)
  }
}
