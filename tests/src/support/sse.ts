/**
 * A watch over a connection of its own, read byte by byte as any client of server-sent events
 * would.
 *
 * @module
 */

import type { ChangeEvent, Removal, SnapshotEvent } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { Agent, request } from 'undici'

/** The id of a `resync`: who comes back with it is told everything from the start. */
const NOTHING_ID = 'none'

/** One event as it came. */
export interface SseEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: unknown
  /** Monotonic milliseconds of its arrival. */
  readonly atMs: number
}

/** Whether who comes back with this id is told everything from the start. */
export function startsOver(lastId: string | undefined): boolean {
  return lastId === undefined || lastId === NOTHING_ID
}

/** An open stream of events. Disposing cuts it. */
export class EventStream implements AsyncDisposable {
  readonly events: readonly SseEvent[]
  /** What `retry:` asked for. */
  retryMs: number | undefined
  /** Whether the server has closed the stream, or the connection was lost. */
  hasEnded = false
  /** Resolves then. */
  whenEnded: Promise<void> = Promise.resolve()
  readonly #events: SseEvent[] = []
  readonly #agent: Agent
  readonly #onEvent: (event: SseEvent) => void

  private constructor(agent: Agent, onEvent: (event: SseEvent) => void) {
    this.#agent = agent
    this.#onEvent = onEvent
    this.events = this.#events
  }

  /** Opens a watch, and hands on each event as it comes. Rejects when the answer is no stream of events. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>> = {},
    onEvent: (event: SseEvent) => void = () => {},
  ): Promise<EventStream> {
    const agent = new Agent({ bodyTimeout: 0 })
    const stream = new EventStream(agent, onEvent)
    const accept = { accept: 'text/event-stream', ...headers }
    const { statusCode, body } = await request(url, { dispatcher: agent, headers: accept })
    if (statusCode !== 200) {
      const text = await body.text()
      await agent.destroy()
      throw new Error(`GET ${url} was answered with ${statusCode}: ${text}`)
    }
    stream.whenEnded = stream.#read(body)
    return stream
  }

  /** The first event that `find` accepts, whether it has come or is to come. */
  next(
    what: string,
    find: (event: SseEvent) => boolean,
    withinMs: number = 15_000,
  ): Promise<SseEvent> {
    return until(`the watch told ${what}`, () => this.#events.find(find), { withinMs })
  }

  /** The snapshot of a service. */
  async snapshot(): Promise<SnapshotEvent> {
    const { data } = await this.next('a snapshot', ({ event }) => event === 'snapshot')
    return data as SnapshotEvent
  }

  /** When, and why, an instance left. */
  async removal(id: string, withinMs?: number): Promise<Removal & { atMs: number }> {
    const removedIn = ({ event, data }: SseEvent) =>
      event === 'change' ? (data as ChangeEvent).removed.find((one) => one.id === id) : undefined
    const event = await this.next(
      `that ${id} left`,
      (event) => removedIn(event) !== undefined,
      withinMs,
    )
    const removed = removedIn(event)
    if (removed === undefined) throw new Error('an event that was found holds what was looked for')
    return { ...removed, atMs: event.atMs }
  }

  /** Everybody who left so far. */
  get removed(): readonly Removal[] {
    return this.#events.flatMap(({ event, data }) =>
      event === 'change' ? (data as ChangeEvent).removed : [],
    )
  }

  /** Waits until the server has closed the stream. */
  async end(withinMs: number = 15_000): Promise<void> {
    await until('the watch ended', () => this.hasEnded || undefined, { withinMs })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }

  async #read(body: AsyncIterable<Buffer>): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    try {
      for await (const chunk of body) {
        const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      }
    } catch {
      // Cut by the server's death or by us; either way it has ended.
    } finally {
      this.hasEnded = true
    }
  }

  #take(block: string): void {
    const fields = new Map<string, string>()
    for (const line of block.split('\n')) {
      const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) fields.set(name, value)
    }
    const retry = fields.get('retry')
    if (retry !== undefined) this.retryMs = Number(retry)
    const data = fields.get('data')
    if (data === undefined) return
    const taken = {
      event: fields.get('event') ?? 'message',
      id: fields.get('id'),
      data: JSON.parse(data) as unknown,
      atMs: systemClock.monotonicMs(),
    }
    this.#events.push(taken)
    this.#onEvent(taken)
  }
}
