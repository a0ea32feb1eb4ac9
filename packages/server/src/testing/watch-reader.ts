/**
 * Reads a watch as a client does: one event after the other, from a real connection.
 *
 * @module
 */

import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { API_BASE } from '@rollcall/protocol'
import type { Json } from './app-harness.ts'
import { soon } from './soon.ts'

export interface WatchEvent {
  readonly event: string
  readonly id?: string
  readonly data: Json
}

export interface WatchReader extends AsyncDisposable {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  /** Everything that came, as text. */
  text(): string
  /** Every event that came and was not taken yet. */
  pending(): readonly WatchEvent[]
  /** Waits for the next event and takes it. */
  next(): Promise<WatchEvent>
  /** Stops reading, so that what is sent piles up. */
  pause(): void
  /** Resolves when the server has ended or cut the stream. */
  readonly ended: Promise<void>
}

/** Opens a watch; resolves with the head of its answer, whatever that is. */
export async function openWatch(
  port: number,
  query: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<WatchReader> {
  const path = `${API_BASE}/watch?${query}`
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers, agent: false })
      .on('response', resolve)
      .on('error', reject)
      .end()
  })
  return readerOf(response)
}

function readerOf(response: IncomingMessage): WatchReader {
  let text = ''
  let taken = 0
  response.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  // A server that cuts the stream is one of the things that tests look for.
  response.on('error', () => {})
  const ended = new Promise<void>((resolve) => {
    response.once('close', resolve)
  })
  const pending = () => eventsOf(text).slice(taken)
  return {
    status: response.statusCode,
    headers: response.headers,
    ended,
    text: () => text,
    pending,
    pause: () => {
      response.pause()
    },
    async next() {
      await soon('the next event comes', () => pending().length > 0)
      const [event] = pending()
      taken += 1
      return event as WatchEvent
    },
    async [Symbol.asyncDispose]() {
      response.destroy()
      await ended
    },
  }
}

/** Whole events only; what has not ended with an empty line is still on its way. */
function eventsOf(text: string): WatchEvent[] {
  const blocks = text.split('\n\n').slice(0, -1)
  return blocks.filter((block) => !block.startsWith('retry:')).map(eventOf)
}

function eventOf(block: string): WatchEvent {
  const fields = block.split('\n').map((line): [string, string] => {
    const at = line.indexOf(': ')
    return [line.slice(0, at), line.slice(at + 2)]
  })
  const {
    event = '',
    id,
    data = '',
    ...others
  } = Object.fromEntries(fields) as Record<string, string | undefined>
  if (Object.keys(others).length > 0 || fields.length > 3) throw new Error(`No event: ${block}`)
  return { event, data: JSON.parse(data) as Json, ...(id !== undefined && { id }) }
}
