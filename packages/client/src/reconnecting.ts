/**
 * A stream of events that outlives its connections.
 *
 * @module
 */

import type { EventSourceMessage } from 'eventsource-parser'
import { RegistryError, hasCode } from '@rollcall/protocol'
import { Backoff, type Clock, type Logger, type Random } from '@rollcall/runtime'
import { readEvents } from './event-stream.ts'
import type { HttpTransport, OpenStream } from './http-transport.ts'
import { LinkedSignal } from './linked-signal.ts'
import { worthAnotherTime } from './problems.ts'

export interface WatchOptions {
  readonly transport: HttpTransport
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** What is watched, and how far the watcher has come. No I/O. */
export interface Feed<Event> {
  /** Where to connect; asked again for each connection. */
  path(): string
  /** What to send as `Last-Event-ID`. */
  readonly lastEventId: string | undefined
  /** A new connection begins. */
  connected(): void
  /** Whatever was known is void. */
  restart(): void
  /** The kinds of events that are read; those of later versions count as signs of life only. */
  readonly kinds: ReadonlySet<string>
  /** Reads one event and moves the point to resume from past it; undefined: nothing to tell yet. */
  take(message: EventMessage): Event | undefined
}

/** One event as it came. */
export interface EventMessage {
  readonly event: string
  readonly id: string | undefined
  /** Parsed. */
  readonly data: unknown
}

/** What the server asks for in its `retry` field; the waits after that double up to 15 s. */
const RECONNECT_FIRST_MS = 1_000
const RECONNECT_MAX_MS = 15_000

/**
 * Yields events until `until` aborts or the client is closed, over as many connections as it
 * takes: each goes on after the last event of the one before. Throws only what no waiting cures,
 * such as a refused query or token.
 */
export async function* follow<Event>(
  options: WatchOptions,
  feed: Feed<Event>,
  until: AbortSignal,
): AsyncGenerator<Event, void, undefined> {
  const { transport, clock, random, log } = options
  const stop = new LinkedSignal(until, transport.closing)
  const backoff = new Backoff({ firstMs: RECONNECT_FIRST_MS, maxMs: RECONNECT_MAX_MS, random })
  try {
    do {
      try {
        for await (const event of connection(options, feed, stop.signal)) {
          backoff.reset()
          if (event !== undefined) yield event
        }
      } catch (error) {
        if (stop.signal.aborted) return
        if (!curable(error, feed)) throw error
        const reason = error instanceof Error ? error.message : String(error)
        log.warn({ reason }, 'lost a watch, connecting again')
      }
    } while (await clock.sleep(backoff.nextMs(), stop.signal))
  } finally {
    stop.release()
  }
}

/** Says whether connecting again may help; an id that a server no longer understands is forgotten. */
function curable(error: unknown, feed: Feed<unknown>): boolean {
  if (hasCode(error, 'invalid_argument') && feed.lastEventId !== undefined) {
    feed.restart()
    return true
  }
  return worthAnotherTime(error)
}

/** One connection, from its request to its end. What tells the caller nothing is yielded as undefined. */
async function* connection<Event>(
  { transport, clock }: WatchOptions,
  feed: Feed<Event>,
  signal: AbortSignal,
): AsyncGenerator<Event | undefined, void, undefined> {
  const id = feed.lastEventId
  const headers = {
    accept: 'text/event-stream',
    ...(id === undefined ? {} : { 'last-event-id': id }),
  }
  const stream = await transport.open({ method: 'GET', path: feed.path(), headers, signal })
  feed.connected()
  const leave = () => {
    transport.leave(stream.server)
  }
  // After a mere cut the same server goes first: it alone can resume, and it may be well.
  for await (const message of readEvents(stream, { clock, onSilence: leave })) {
    if (message.event === 'bye') {
      leave()
      return
    }
    const { event = '', id: reached } = message
    if (!feed.kinds.has(event)) yield undefined
    else yield feed.take({ event, id: reached, data: parse(message, stream) })
  }
}

function parse({ event, data }: EventSourceMessage, stream: OpenStream): unknown {
  try {
    return JSON.parse(data)
  } catch (error) {
    const message = `${stream.server.url} sent a ${event} that is no JSON.`
    throw new RegistryError('internal', message, { cause: error })
  }
}
