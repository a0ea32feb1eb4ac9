/**
 * Marks in what watchers receive: each change that is published carries its number in the
 * metadata of one instance, so that a driver sees which change came without reading JSON.
 *
 * @module
 */

const PREFIX = Buffer.from('"seq":"')
const DIGITS = 6
const LENGTH = PREFIX.length + DIGITS

/** The metadata that marks a change. */
export function markOf(number: number): Readonly<Record<string, string>> {
  return { seq: String(number).padStart(DIGITS, '0') }
}

/** A registration, as JSON with metadata, that carries the mark of a change. */
export function markedOf(registration: string, number: number): string {
  const [[name, value] = []] = Object.entries(markOf(number))
  return registration.replace('"metadata":{', `"metadata":{"${name}":"${value}",`)
}

/** Calls `found` with the number of each mark that is whole in `bytes`, in order. */
export function eachMark(bytes: Buffer, found: (number: number) => void): void {
  for (let at = bytes.indexOf(PREFIX); at >= 0; at = bytes.indexOf(PREFIX, at + 1)) {
    const number = numberAt(bytes, at + PREFIX.length)
    if (number !== undefined) found(number)
  }
}

/** Finds marks in a stream whose chunks may cut them anywhere. */
export class MarkScanner {
  #tail: Buffer | undefined

  /** `chunk` may be used again by its owner afterwards. */
  feed(chunk: Buffer, found: (number: number) => void): void {
    const bytes = this.#tail ? Buffer.concat([this.#tail, chunk]) : chunk
    eachMark(bytes, found)
    this.#tail = endsWithLine(bytes) ? undefined : tailOf(bytes)
  }
}

/** A mark never spans lines, so most chunks leave nothing behind. */
function endsWithLine(bytes: Buffer): boolean {
  return bytes[bytes.length - 1] === 0x0a
}

/** As much as can be the beginning of a mark, and too little to be a whole one. */
function tailOf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(Math.max(0, bytes.length - LENGTH + 1)))
}

function numberAt(bytes: Buffer, start: number): number | undefined {
  if (start + DIGITS > bytes.length) return undefined
  let number = 0
  for (let at = start; at < start + DIGITS; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return undefined
    number = number * 10 + digit
  }
  return number
}
