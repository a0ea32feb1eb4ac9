/**
 * Answers of HTTP/1.1 from a stream of bytes, as far as our node sends them to drivers: with a
 * length, or without a body. A driver on one core has to keep up with a server on another, so
 * it reads no more of a head than it needs.
 *
 * @module
 */

export interface HttpAnswer {
  readonly status: number
  /** The lines before the body. */
  readonly head: string
  /** Valid only until the reader is fed again. */
  readonly body: Buffer
}

const HEAD_END = Buffer.from('\r\n\r\n')
const EMPTY = Buffer.alloc(0)

export class ResponseReader {
  readonly #onAnswer: (answer: HttpAnswer) => void
  #rest: Buffer = EMPTY

  constructor(onAnswer: (answer: HttpAnswer) => void) {
    this.#onAnswer = onAnswer
  }

  /** Takes what came. Throws when it cannot tell where an answer ends. */
  feed(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const headEnd = bytes.indexOf(HEAD_END)
      if (headEnd < 0) break
      const head = bytes.toString('latin1', 0, headEnd)
      const status = Number(head.slice(9, 12))
      const bodyAt = headEnd + HEAD_END.length
      const end = bodyAt + bodyLength(head, status)
      if (end > bytes.length) break
      this.#onAnswer({ status, head, body: bytes.subarray(bodyAt, end) })
      bytes = bytes.subarray(end)
    }
    // Copied where the chunk may be somebody's buffer that is used again.
    this.#rest = bytes.length === 0 ? EMPTY : Buffer.from(bytes)
  }
}

/** One header of a head; undefined when it is not there. */
export function headerIn(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: ?(.*)$`, 'im').exec(head)?.[1]?.trimEnd()
}

function bodyLength(head: string, status: number): number {
  if (status === 204 || status === 304) return 0
  const length = headerIn(head, 'content-length')
  if (length === undefined) throw new Error(`An answer without a length:\n${head}`)
  return Number(length)
}
