/**
 * JSON that is written as bytes from the start. `JSON.stringify` makes a text in parts, which is
 * joined when its length is asked for and copied once more to be sent: garbage of three times the
 * size of an answer, and each collection of it looks at every page of the heap.
 *
 * @module
 */

/** What is kept between two answers, at most. */
const KEPT_BYTES = 1_048_576
const START_BYTES = 65_536
/** Of one UTF-16 unit: `\uXXXX`. */
const UNIT_MAX_BYTES = 6
const QUOTES_BYTES = 2

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const ASCII_LAST = 0x7f

/** One answer after the other, each from `begin` to `take`. */
export class JsonBytes {
  #bytes = Buffer.allocUnsafe(START_BYTES)
  #length = 0

  /** Begins an answer. One that was not taken is forgotten. */
  begin(): void {
    this.#length = 0
  }

  /** Adds what is JSON already, and in ASCII. */
  raw(json: string): void {
    this.#reserve(json.length)
    const bytes = this.#bytes
    const from = this.#length
    for (let at = 0; at < json.length; at += 1) bytes[from + at] = json.charCodeAt(at)
    this.#length = from + json.length
  }

  /** Adds a text as JSON. */
  text(value: string): void {
    this.#reserve(value.length)
    if (this.#plain(value)) return
    this.#length += this.#bytes.write(JSON.stringify(value), this.#length)
  }

  /** Answers what was added, as a copy. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length))
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(START_BYTES)
    return taken
  }

  /** Adds a text that stands for itself; answers false, and has added nothing, where it does not. */
  #plain(value: string): boolean {
    const bytes = this.#bytes
    let at = this.#length
    bytes[at] = QUOTE
    for (let unit = 0; unit < value.length; unit += 1) {
      const code = value.charCodeAt(unit)
      if (code < SPACE || code > ASCII_LAST || code === QUOTE || code === BACKSLASH) return false
      at += 1
      bytes[at] = code
    }
    bytes[at + 1] = QUOTE
    this.#length = at + QUOTES_BYTES
    return true
  }

  #reserve(units: number): void {
    const needed = this.#length + units * UNIT_MAX_BYTES + QUOTES_BYTES
    if (needed <= this.#bytes.length) return
    const bytes = Buffer.allocUnsafe(needed * 2)
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
  }
}
