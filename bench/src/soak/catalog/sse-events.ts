/**
 * Server-sent events as they come, each forgotten once it was read.
 *
 * @module
 */

export interface SseEvent {
  readonly event: string
  readonly data: string
  readonly id: string | undefined
}

/** Reads until the stream or `signal` ends it. Rejects when the line is lost, or there is no stream. */
export async function* readEvents(
  url: string,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncIterable<SseEvent> {
  const from = lastId === undefined ? {} : { 'last-event-id': lastId }
  const headers = { accept: 'text/event-stream', ...from }
  const answer = await fetch(url, { headers, signal })
  if (!answer.ok || !answer.body) throw new Error(`GET ${url}: ${answer.status}`)
  const chunks = answer.body as unknown as AsyncIterable<Uint8Array>
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event) yield event
    }
  }
}

/** One event; undefined of what is none, such as the wish of how long to wait. */
export function eventOf(block: string): SseEvent | undefined {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) fields.set(name, value)
  }
  const event = fields.get('event')
  if (event === undefined) return undefined
  return { event, data: fields.get('data') ?? '', id: fields.get('id') }
}
