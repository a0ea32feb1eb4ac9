/**
 * Reads a warm-start file, whole or not at all: nothing of it reaches the plane before the
 * end line has been found to fit.
 *
 * @module
 */

import { createHash, type Hash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import type { StoredInstance } from '../load.ts'
import { decodeHeader, encodeEnd, InstanceDecoder, LINE_MAX_BYTES, type Header } from './codec.ts'

/** What a warm-start file held. */
export interface StoredTable {
  readonly header: Header
  /**
   * The stamp number that the node's next life must begin after. Later than the header's
   * where the node took a new incarnation while it was writing.
   */
  readonly clock: number
  readonly instances: readonly StoredInstance[]
}

/** The file is there and is not what a finished write leaves. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError'
}

const CHUNK_BYTES = 262_144
/** An end line is about a hundred. */
const END_MAX_BYTES = 256
const NEWLINE = 0x0a

/**
 * Reads a file; undefined when `signal` aborts before its end. Throws `DamagedFileError`, or
 * what the system said.
 */
export async function readTable(
  path: string,
  signal: AbortSignal,
): Promise<StoredTable | undefined> {
  const handle = await open(path, 'r')
  try {
    const end = await findEnd(handle)
    const body = new Body()
    const stream = handle.createReadStream({
      start: 0,
      end: end.at - 1,
      highWaterMark: CHUNK_BYTES,
      autoClose: false,
    })
    for await (const chunk of stream) {
      if (signal.aborted) return undefined
      body.take(chunk as Buffer)
    }
    return body.finish(end.line)
  } finally {
    await handle.close()
  }
}

interface End {
  /** Bytes before it. */
  readonly at: number
  readonly line: string
}

/** The last line first: most damage is a file that stops short, and needs no reading to be seen. */
async function findEnd(handle: FileHandle): Promise<End> {
  const { size } = await handle.stat()
  const length = Math.min(size, END_MAX_BYTES)
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length)
  const start = length < 2 ? 0 : buffer.lastIndexOf(NEWLINE, length - 2) + 1
  if (start === 0 || buffer[length - 1] !== NEWLINE) throw new DamagedFileError('it has no end')
  return { at: size - length + start, line: buffer.toString('utf8', start, length - 1) }
}

/** Everything before the end line, in the pieces in which it comes from disk. */
class Body {
  readonly #hash: Hash = createHash('sha256')
  readonly #decoder = new InstanceDecoder()
  readonly #instances: StoredInstance[] = []
  #header: Header | undefined
  /** The start of a line whose rest is still to come. */
  #rest: Buffer = Buffer.alloc(0)

  take(chunk: Buffer): void {
    this.#hash.update(chunk)
    const cut = chunk.lastIndexOf(NEWLINE)
    if (cut === -1) {
      this.#rest = Buffer.concat([this.#rest, chunk])
      if (this.#rest.length > LINE_MAX_BYTES) throw new DamagedFileError('it has an endless line')
      return
    }
    const lines = Buffer.concat([this.#rest, chunk.subarray(0, cut)]).toString('utf8')
    this.#rest = chunk.subarray(cut + 1)
    for (const line of lines.split('\n')) this.#takeLine(line)
  }

  finish(endLine: string): StoredTable {
    const instances = this.#instances
    const header = this.#header
    if (!header || encodeEnd(instances.length, this.#hash.digest('hex')) !== endLine) {
      throw new DamagedFileError('its end does not fit what stands before it')
    }
    const clock = Math.max(header.clock, this.#decoder.lastIncarnationOf(header.node))
    return { header, clock, instances }
  }

  #takeLine(line: string): void {
    if (!this.#header) {
      this.#header = decodeHeader(line)
      if (!this.#header) throw new DamagedFileError('its first line is no header of this version')
      return
    }
    const instance = this.#decoder.decode(line)
    if (!instance) {
      throw new DamagedFileError(`line ${this.#instances.length + 2} is no instance`)
    }
    this.#instances.push(instance)
  }
}
