/**
 * Server-sent events out of an open answer, as long as it shows life.
 *
 * @module
 */

import { createParser, type EventSourceMessage, type ParseError } from 'eventsource-parser'
import { RegistryError } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { OpenStream } from './http-transport.ts'

/** Three pings of 15 s: one may be late, two may not. */
export const SILENCE_MS = 45_000

/** One event must fit; a node with 2 M instances in one service stays below, what does not end does not. */
const EVENT_MAX_LENGTH = 2 ** 28

export interface ReadOptions {
  readonly clock: Clock
  /** Told before the stream is given up for saying nothing. */
  readonly onSilence: () => void
}

/**
 * Yields events until the server ends the stream. Throws `unavailable` when the connection breaks
 * or says nothing for 45 s; any bytes count, so that a slow line may take longer for one event.
 * Reads no further than its consumer does. Ends the stream when it is left, however that happens.
 */
export async function* readEvents(
  stream: OpenStream,
  options: ReadOptions,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const complete: EventSourceMessage[] = []
  let broken: ParseError | undefined
  const parser = createParser({
    maxBufferSize: EVENT_MAX_LENGTH,
    onEvent: (event) => {
      complete.push(event)
    },
    onError: (error) => {
      // Unknown fields are ignored, as the format asks.
      if (error.type === 'max-buffer-size-exceeded') broken = error
    },
  })
  const decoder = new TextDecoder()
  const chunks = stream.chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await nextChunk(chunks, stream, options)
      if (step.done === true) return
      parser.feed(decoder.decode(step.value, { stream: true }))
      if (broken) throw lost(stream, broken)
      yield* complete.splice(0)
    }
  } finally {
    stream.end()
  }
}

async function nextChunk(
  chunks: AsyncIterator<Uint8Array>,
  stream: OpenStream,
  { clock, onSilence }: ReadOptions,
): Promise<IteratorResult<Uint8Array>> {
  // Armed only while we wait: a consumer may take its time over an event.
  const disarm = clock.after(SILENCE_MS, () => {
    onSilence()
    stream.end(lost(stream, new Error(`silent for ${SILENCE_MS} ms`)))
  })
  try {
    return await chunks.next()
  } catch (error) {
    throw error instanceof RegistryError ? error : lost(stream, error)
  } finally {
    disarm()
  }
}

function lost({ server }: OpenStream, cause: unknown): RegistryError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new RegistryError('unavailable', `The watch on ${server.url} broke: ${reason}.`, {
    cause,
    details: { server: server.url },
  })
}
