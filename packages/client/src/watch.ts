/**
 * A watch that outlives its connections.
 *
 * @module
 */

import type { EventSourceMessage } from 'eventsource-parser'
import {
  API_BASE,
  RegistryError,
  hasCode,
  type ChangeEvent,
  type ResyncEvent,
  type SnapshotEvent,
} from '@rollcall/protocol'
import { Backoff, type Clock, type Logger, type Random } from '@rollcall/runtime'
import { readEvents } from './event-stream.ts'
import type { HttpTransport, OpenStream } from './http-transport.ts'
import { LinkedSignal } from './linked-signal.ts'
import { filterQuery, withQuery, type Filters } from './paths.ts'
import { worthAnotherTime } from './problems.ts'
import { ResumePoint } from './resume-point.ts'

/** What a watch yields. */
export type WatchEvent =
  /** The whole truth about one service: first, and again after a `resync`. */
  | { readonly kind: 'snapshot'; readonly data: SnapshotEvent }
  | { readonly kind: 'change'; readonly data: ChangeEvent }
  /** What was seen so far is void; fresh snapshots follow. */
  | { readonly kind: 'resync'; readonly data: ResyncEvent }

/** What to watch. */
export interface WatchQuery extends Filters {
  /** Up to 256. */
  readonly services: readonly string[]
  readonly env?: string
  /** A token of an earlier view or event: only what changed since. */
  readonly after?: string
  /** Ends the watch. */
  readonly signal: AbortSignal
}

export interface WatchOptions {
  readonly transport: HttpTransport
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** What the server asks for in its `retry` field; the waits after that double up to 15 s. */
const RECONNECT_FIRST_MS = 1_000
const RECONNECT_MAX_MS = 15_000

/**
 * Yields events until `query.signal` aborts or the client is closed, over as many connections as it
 * takes: each goes on after the last event of the one before. Throws only what no waiting cures,
 * such as a refused query or token.
 */
export async function* watch(
  options: WatchOptions,
  query: WatchQuery,
): AsyncGenerator<WatchEvent, void, undefined> {
  const { transport, clock, random, log } = options
  const stop = new LinkedSignal(query.signal, transport.closing)
  const resume = new ResumePoint(query.services, query.after)
  const backoff = new Backoff({ firstMs: RECONNECT_FIRST_MS, maxMs: RECONNECT_MAX_MS, random })
  try {
    do {
      try {
        for await (const event of connection(options, { ...query, signal: stop.signal }, resume)) {
          backoff.reset()
          if (event !== 'ping') yield event
        }
      } catch (error) {
        if (stop.signal.aborted) return
        if (!curable(error, resume)) throw error
        const reason = error instanceof Error ? error.message : String(error)
        log.warn({ reason }, 'lost a watch, connecting again')
      }
    } while (await clock.sleep(backoff.nextMs(), stop.signal))
  } finally {
    stop.release()
  }
}

/** Says whether connecting again may help; an id that a server no longer understands is forgotten. */
function curable(error: unknown, resume: ResumePoint): boolean {
  if (hasCode(error, 'invalid_argument') && resume.lastEventId !== undefined) {
    resume.restart()
    return true
  }
  return worthAnotherTime(error)
}

/** One connection, from its request to its end. */
async function* connection(
  { transport, clock }: WatchOptions,
  query: WatchQuery,
  resume: ResumePoint,
): AsyncGenerator<WatchEvent | 'ping', void, undefined> {
  const stream = await transport.open(request(query, resume))
  resume.connected()
  const leave = () => {
    transport.leave(stream.server)
  }
  // After a mere cut the same server goes first: it alone can resume, and it may be well.
  for await (const message of readEvents(stream, { clock, onSilence: leave })) {
    if (message.event === 'bye') {
      leave()
      return
    }
    yield understood(message, stream, resume)
  }
}

function request(query: WatchQuery, resume: ResumePoint) {
  const { services, env, signal } = query
  const path = withQuery(`${API_BASE}/watch`, {
    service: services,
    env,
    ...filterQuery(query),
    after: resume.after,
  })
  const id = resume.lastEventId
  const headers = {
    accept: 'text/event-stream',
    ...(id === undefined ? {} : { 'last-event-id': id }),
  }
  return { method: 'GET', path, headers, signal } as const
}

/** Reads one event and moves the resume point past it. Kinds of later versions count as life only. */
function understood(
  message: EventSourceMessage,
  stream: OpenStream,
  resume: ResumePoint,
): WatchEvent | 'ping' {
  const event = parse(message, stream)
  if (event === undefined) return 'ping'
  if (event.kind === 'resync') resume.restart()
  else {
    if (event.kind === 'snapshot') resume.complete(event.data.service)
    resume.reached(message.id)
  }
  return event
}

function parse({ event, data }: EventSourceMessage, stream: OpenStream): WatchEvent | undefined {
  if (event !== 'snapshot' && event !== 'change' && event !== 'resync') return undefined
  try {
    const parsed: unknown = JSON.parse(data)
    return { kind: event, data: parsed } as WatchEvent
  } catch (error) {
    const message = `${stream.server.url} sent a ${event} that is no JSON.`
    throw new RegistryError('internal', message, { cause: error })
  }
}
