/**
 * Server-sent events as bytes (the WHATWG HTML standard, "Server-sent events"). A frame is
 * encoded once and written to every watcher that it concerns.
 *
 * @module
 */

/** The first bytes of a stream: how long a client waits before it comes back. */
export const PREAMBLE = Buffer.from('retry: 1000\n\n')

/** One event without an id. `data` is JSON, which has no line breaks. */
export function frame(event: string, data: unknown): Buffer {
  return frameOf(event, JSON.stringify(data))
}

/** One event from JSON that is made already. */
export function frameOf(event: string, json: string): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${json}\n\n`)
}

/** The line that goes before an event and says from where a client may resume. */
export function idLine(token: string): Buffer {
  return Buffer.from(`id: ${token}\n`)
}
