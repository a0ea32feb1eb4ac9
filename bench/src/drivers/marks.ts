/**
 * Marks in what watchers receive: each change that is published carries its number behind text
 * that stands nowhere else, so that a driver sees which change came without reading JSON.
 *
 * @module
 */

/** What a mark looks like. */
export interface MarkForm {
  /** Right before the number. */
  readonly prefix: Buffer
  readonly digits: number
}

/** In the metadata of an instance. */
const IN_METADATA: MarkForm = { prefix: Buffer.from('"seq":"'), digits: 6 }

/** The metadata that marks a change. */
export function markOf(number: number): Readonly<Record<string, string>> {
  return { seq: String(number).padStart(IN_METADATA.digits, '0') }
}

/** A registration, as JSON with metadata, that carries the mark of a change. */
export function markedOf(registration: string, number: number): string {
  const [[name, value] = []] = Object.entries(markOf(number))
  return registration.replace('"metadata":{', `"metadata":{"${name}":"${value}",`)
}

/** Calls `found` with the number of each mark that is whole in `bytes`, in order. */
export function eachMark(
  bytes: Buffer,
  found: (number: number) => void,
  { prefix, digits }: MarkForm = IN_METADATA,
): void {
  for (let at = bytes.indexOf(prefix); at >= 0; at = bytes.indexOf(prefix, at + 1)) {
    const number = numberAt(bytes, at + prefix.length, digits)
    if (number !== undefined) found(number)
  }
}

/** Finds marks in a stream whose chunks may cut them anywhere. */
export class MarkScanner {
  readonly #form: MarkForm
  #tail: Buffer | undefined

  constructor(form: MarkForm = IN_METADATA) {
    this.#form = form
  }

  /** `chunk` may be used again by its owner afterwards. */
  feed(chunk: Buffer, found: (number: number) => void): void {
    const bytes = this.#tail ? Buffer.concat([this.#tail, chunk]) : chunk
    eachMark(bytes, found, this.#form)
    this.#tail = endsWithLine(bytes) ? undefined : tailOf(bytes, this.#form)
  }
}

/** A mark never spans lines, so most chunks leave nothing behind. */
function endsWithLine(bytes: Buffer): boolean {
  return bytes[bytes.length - 1] === 0x0a
}

/** As much as can be the beginning of a mark, and too little to be a whole one. */
function tailOf(bytes: Buffer, { prefix, digits }: MarkForm): Buffer {
  const length = prefix.length + digits
  return Buffer.from(bytes.subarray(Math.max(0, bytes.length - length + 1)))
}

function numberAt(bytes: Buffer, start: number, digits: number): number | undefined {
  if (start + digits > bytes.length) return undefined
  let number = 0
  for (let at = start; at < start + digits; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return undefined
    number = number * 10 + digit
  }
  return number
}
