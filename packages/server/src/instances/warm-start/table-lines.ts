/**
 * The lines of one warm-start file, made one by one from the table as it is at that moment.
 *
 * They go into one buffer that is used again and again: half a gigabyte of short-lived
 * buffers would make the collector stop the world for it.
 *
 * @module
 */

import { createHash, type Hash } from 'node:crypto'
import { DISCOVERY_SERVICE } from '../../model/vocabulary.ts'
import type { Entry } from '../entry.ts'
import type { StoredInstance } from '../load.ts'
import { POLICY_ID } from '../record.ts'
import { encodeEnd, encodeHeader, encodeInstance, LINE_MAX_BYTES, type Header } from './codec.ts'
import { InstanceCheck } from './instance-check.ts'

export interface Written {
  readonly bytes: number
  readonly count: number
  /** Instances that no reader would take, left out. */
  readonly unsound: number
}

const BUFFER_BYTES = 2 * LINE_MAX_BYTES

export class TableLines {
  readonly #entries: Iterator<Entry>
  readonly #check = new InstanceCheck()
  readonly #hash: Hash = createHash('sha256')
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  #length = 0
  /** How much of the buffer is in the hash. */
  #hashed = 0
  #bytes = 0
  #count = 0
  #unsound = 0
  #ended = false

  constructor({ header, entries }: { readonly header: Header; readonly entries: Iterable<Entry> }) {
    this.#entries = entries[Symbol.iterator]()
    this.#add(encodeHeader(header))
  }

  /** Whether the end line has been added. */
  get ended(): boolean {
    return this.#ended
  }

  get written(): Written {
    return { bytes: this.#bytes, count: this.#count, unsound: this.#unsound }
  }

  /** Looks at one more entry, or adds the end line. Answers whether there may be more before `take`. */
  addNext(): boolean {
    const next = this.#entries.next()
    if (next.done === true) this.#end()
    else this.#addEntry(next.value)
    return !this.#ended && BUFFER_BYTES - this.#length >= LINE_MAX_BYTES
  }

  /** What was added since the last time. Good until the next is added. */
  take(): Uint8Array {
    this.#digest()
    const bytes = this.#buffer.subarray(0, this.#length)
    this.#bytes += this.#length
    this.#length = 0
    this.#hashed = 0
    return bytes
  }

  #addEntry(entry: Entry): void {
    if (!isKept(entry)) return
    const stored = storedOf(entry)
    if (this.#check.isSound(stored) && this.#add(encodeInstance(stored))) this.#count += 1
    else this.#unsound += 1
  }

  #end(): void {
    this.#digest()
    this.#add(encodeEnd(this.#count, this.#hash.copy().digest('hex')))
    this.#ended = true
  }

  /** Answers false for a line that is longer than a reader would read. */
  #add(line: string): boolean {
    // A character is at most three bytes of UTF-8, so few lines have to be measured.
    if (line.length * 3 >= LINE_MAX_BYTES && Buffer.byteLength(line) >= LINE_MAX_BYTES) return false
    this.#length += this.#buffer.write(line, this.#length)
    this.#buffer[this.#length] = NEWLINE
    this.#length += 1
    return true
  }

  #digest(): void {
    this.#hash.update(this.#buffer.subarray(this.#hashed, this.#length))
    this.#hashed = this.#length
  }
}

const NEWLINE = 0x0a

/** What clients are shown, but for the registry's own, and what operators said of services. */
function isKept(entry: Entry): boolean {
  if (entry.service.name === DISCOVERY_SERVICE) return false
  return entry.isShown() || (entry.id === POLICY_ID && entry.record.override !== null)
}

function storedOf({ service, zone, id, record }: Entry): StoredInstance {
  return { key: { env: service.env, service: service.name, zone, id }, record }
}
