/**
 * Server-sent events as bytes (the WHATWG HTML standard, "Server-sent events"). A frame is
 * encoded once and written to every watcher that it concerns.
 *
 * @module
 */

import type { TopicFrame } from './topic.ts'
import { revisionId } from './watch-id.ts'

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

/** The events of one revision, of which only the last says that one may resume after it. */
export function withRevision(
  events: readonly [Buffer, ...Buffer[]],
  revision: number,
  changes: number,
): TopicFrame {
  const [event = events[0]] = events.slice(-1)
  const earlier = events.slice(0, -1)
  return {
    ...(earlier.length > 0 && { earlier: Buffer.concat(earlier) }),
    event,
    eventWithId: Buffer.concat([...earlier, idLine(revisionId(revision)), event]),
    changes,
    revision,
  }
}

/** Several frames as one, so that each watcher is written to once. */
export function joined(frames: readonly TopicFrame[]): TopicFrame | undefined {
  const last = frames.at(-1)
  if (!last || frames.length === 1) return last
  const events = frames.flatMap(({ earlier, event }) => (earlier ? [earlier, event] : [event]))
  return {
    ...last,
    earlier: Buffer.concat(events.slice(0, -1)),
    eventWithId: Buffer.concat(frames.map(({ eventWithId }) => eventWithId)),
    changes: frames.reduce((sum, { changes }) => sum + changes, 0),
  }
}
