/**
 * One watcher's connection: what it is sent, in order, and what happens when it reads too slowly.
 *
 * What the client does not take waits in the socket's queue; the frames are shared, so many
 * slow watchers of one service cost little more than one. When too much waits, nothing more
 * is added: once the client has caught up it gets a `resync` and the whole truth.
 *
 * @module
 */

import type { Writable } from 'node:stream'
import type { ResyncReason } from '@rollcall/protocol'
import { frame, idLine, PREAMBLE } from './frames.ts'
import type { Topic, TopicFrame } from './topic.ts'

export interface WatchStreamOptions {
  /** Where the bytes go: the answer to the request. */
  readonly raw: Writable
  readonly topics: readonly Topic[]
  /** The token of what the topics of this stream have been told. */
  readonly deliveredToken: () => string
  readonly queueMaxChanges: number
  readonly queueMaxBytes: number
  readonly onResync: (reason: ResyncReason) => void
}

/** A client that has taken nothing through this many pings is gone, whatever TCP believes. */
const PINGS_MISSED_MAX = 4

export class WatchStream {
  readonly #options: WatchStreamOptions
  readonly #unsubscribes: (() => void)[] = []
  #queuedChanges = 0
  #queuedBytes = 0
  #isBehind = false
  #pingsMissed = 0

  constructor(options: WatchStreamOptions) {
    this.#options = options
    options.raw.on('drain', () => {
      this.#caughtUp()
    })
  }

  /** Begins to listen to the topics. What is read of the plane right after is not sent twice. */
  subscribe(): void {
    for (const topic of this.#options.topics) {
      const unsubscribe = topic.subscribe((change) => {
        this.#change(change)
      })
      this.#unsubscribes.push(unsubscribe)
    }
  }

  /** Sends the whole truth, after the reason why it is sent again, if it is. */
  start(resync?: ResyncReason): void {
    this.#options.raw.write(PREAMBLE)
    this.#truth(resync)
  }

  /** Goes on from where the client was. */
  goOn(missed: readonly TopicFrame[]): void {
    this.#options.raw.write(PREAMBLE)
    this.#writeAll(missed)
  }

  /** Shows that the connection lives. A client that reads nothing at all is cut off. */
  ping(bytes: Buffer): void {
    const { raw } = this.#options
    if (!raw.writableNeedDrain) {
      this.#pingsMissed = 0
      raw.write(bytes)
      return
    }
    this.#pingsMissed += 1
    if (this.#pingsMissed >= PINGS_MISSED_MAX) raw.destroy()
  }

  /** Ends the stream with a last word. */
  end(bytes: Buffer): void {
    this.stop()
    this.#options.raw.end(bytes)
  }

  /** Stops listening; the connection has gone or is about to. */
  stop(): void {
    for (const unsubscribe of this.#unsubscribes.splice(0)) unsubscribe()
  }

  #change(change: TopicFrame): void {
    if (this.#isBehind) return
    const { queueMaxBytes, queueMaxChanges } = this.#options
    const bytes = this.#queuedBytes + change.event.length
    const changes = this.#queuedChanges + change.changes
    // One change always fits, or it could never be sent.
    if (this.#queuedBytes > 0 && (bytes > queueMaxBytes || changes > queueMaxChanges)) {
      this.#isBehind = true
      return
    }
    if (this.#writeAll([change])) return
    this.#queuedBytes = bytes
    this.#queuedChanges = changes
  }

  #caughtUp(): void {
    this.#queuedBytes = 0
    this.#queuedChanges = 0
    if (!this.#isBehind) return
    this.#isBehind = false
    this.#truth('slow')
  }

  #truth(resync: ResyncReason | undefined): void {
    const { raw, topics, onResync } = this.#options
    if (resync) {
      onResync(resync)
      raw.write(frame('resync', { reason: resync }))
    }
    this.#writeAll(topics.map((topic) => topic.snapshot()))
  }

  /**
   * Writes events; the last has the id. A stream of several topics may resume only from what
   * all of them have been told, and from the first snapshots only when it has them all.
   */
  #writeAll(frames: readonly TopicFrame[]): boolean {
    const { raw, topics, deliveredToken } = this.#options
    const last = frames.at(-1)
    if (!last) return true
    if (topics.length === 1 && frames.length === 1) return raw.write(last.eventWithId)
    raw.cork()
    for (const { event } of frames.slice(0, -1)) raw.write(event)
    raw.write(idLine(deliveredToken()))
    const taken = raw.write(last.event)
    raw.uncork()
    return taken
  }
}
