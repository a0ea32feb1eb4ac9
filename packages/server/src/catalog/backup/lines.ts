import { invalidBackup } from './faults.ts'
import { LINE_MAX_BYTES } from './format.ts'

const NEWLINE = 10

/** Cuts bytes into lines, and holds no more than one of them. */
export class Lines {
  readonly #max: number
  #held: Uint8Array[] = []
  #heldBytes = 0
  #count = 0

  constructor(max = LINE_MAX_BYTES) {
    this.#max = max
  }

  /** How many were whole. */
  get count(): number {
    return this.#count
  }

  /** Whether the bytes end in the middle of a line. */
  get isTorn(): boolean {
    return this.#heldBytes > 0
  }

  /** The lines that end in this piece, without their ends. Throws `invalid_backup` where one is too long. */
  *cut(chunk: Uint8Array): Generator<Buffer, void, undefined> {
    let from = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from)
      const part = chunk.subarray(from, end < 0 ? chunk.length : end)
      this.#hold(part)
      if (end < 0) return
      yield this.#take()
      from = end + 1
    }
  }

  #hold(part: Uint8Array): void {
    if (part.length === 0) return
    this.#held.push(part)
    this.#heldBytes += part.length
    if (this.#heldBytes <= this.#max) return
    const message = `it is longer than ${this.#max} bytes, which no line of a backup is.`
    throw invalidBackup(this.#count + 1, 'line_too_long', message)
  }

  #take(): Buffer {
    const [only] = this.#held
    const line =
      this.#held.length === 1 && only
        ? Buffer.from(only.buffer, only.byteOffset, only.length)
        : Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    this.#count += 1
    return line
  }
}
