/**
 * Answers of HTTP/1.1 as they stand on the wire, one behind the other.
 *
 * @module
 */

export interface WireAnswer {
  readonly status: number
  readonly body: string
}

/** The answers that are whole, in order. Each must have a length, or no body by its status. */
export function answersIn(received: string): readonly WireAnswer[] {
  const answers: WireAnswer[] = []
  for (let at = 0; at < received.length;) {
    const headEnd = received.indexOf('\r\n\r\n', at)
    if (headEnd < 0) break
    const head = received.slice(at, headEnd)
    const bodyAt = headEnd + 4
    const end = bodyAt + Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
    if (end > received.length) break
    answers.push({ status: Number(head.slice(9, 12)), body: received.slice(bodyAt, end) })
    at = end
  }
  return answers
}
