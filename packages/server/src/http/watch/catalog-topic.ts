/**
 * A part of the catalog, for everyone who watches just this: what they are told is encoded once.
 *
 * Revisions that come together go out together, in one write to each watcher. Where many watch,
 * what is written is collected for a moment first: a thousand writes to a thousand sockets each
 * second are more than an event loop can do, and heartbeats share it.
 *
 * @module
 */

import type { ResyncReason } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { CatalogFeed, ToldRevision } from './catalog-feed.ts'
import { joined } from './frames.ts'
import { Missed } from './missed.ts'
import type { Opening, Topic, TopicFrame, TopicListener } from './topic.ts'
import type { Turns } from './turns.ts'

export interface CatalogTopicOptions {
  readonly feed: CatalogFeed
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>
  /** In which whole truths are read. */
  readonly turns: Turns
}

/** Writes to sockets that one topic may cause in a millisecond. */
const WRITES_PER_MS = 50
/** Longest that a change waits for others. */
const COLLECT_MAX_MS = 100
/** What is collected goes out when it is this much. */
const COLLECT_MAX_BYTES = 256 * 1_024

export class CatalogTopic implements Topic {
  readonly #options: CatalogTopicOptions
  readonly #listeners = new Set<TopicListener>()
  #unsubscribe: (() => void) | undefined
  #collected: TopicFrame[] = []
  #collectedBytes = 0
  #cancelFlush: (() => void) | undefined
  #flushedAtMs = Number.NEGATIVE_INFINITY
  /** The whole truth, where one page holds it and nothing has changed since. */
  #page: TopicFrame | undefined

  constructor(options: CatalogTopicOptions) {
    this.#options = options
  }

  get part(): CatalogFeed['part'] {
    return this.#options.feed.part
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0
  }

  subscribe(listener: TopicListener): () => void {
    if (this.#unsubscribe) this.flush()
    else this.#unsubscribe = this.#listen()
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      if (this.isWatched) return
      this.#unsubscribe?.()
      this.#unsubscribe = undefined
      this.#forget()
    }
  }

  snapshot(): Opening {
    const { feed, turns } = this.#options
    return feed.snapshot(this, turns)
  }

  /** What came after `revision`, or why that cannot be told by itself. */
  missed(revision: number): Opening | ResyncReason {
    const told = this.#options.feed.since(revision)
    return typeof told === 'string' ? told : new Missed(this, { ...this.#options, revision, told })
  }

  /** Hands on what was collected. */
  flush(): void {
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    const all = joined(this.#collected)
    if (!all) return
    this.#collected = []
    this.#collectedBytes = 0
    this.#flushedAtMs = this.#options.clock.monotonicMs()
    for (const listener of this.#listeners) listener.change(all)
  }

  /** The only page, if it is as it was when `keepPage` was told of it. */
  get page(): TopicFrame | undefined {
    return this.#page
  }

  keepPage(page: TopicFrame): void {
    if (this.isWatched) this.#page = page
  }

  #listen(): () => void {
    return this.#options.feed.subscribe({
      change: (told) => {
        this.#take(told)
      },
      restart: (reason) => {
        this.#restart(reason)
      },
    })
  }

  #take(told: ToldRevision): void {
    this.#page = undefined
    const encoded = told.encode()
    this.#collected.push(encoded)
    this.#collectedBytes += encoded.eventWithId.length
    if (this.#collectedBytes > COLLECT_MAX_BYTES) this.flush()
    else if (!this.#cancelFlush) this.#flushSoon()
  }

  #flushSoon(): void {
    const { clock } = this.#options
    const everyMs = Math.min(Math.floor(this.#listeners.size / WRITES_PER_MS), COLLECT_MAX_MS)
    const restMs = this.#flushedAtMs + everyMs - clock.monotonicMs()
    if (everyMs > 0 && restMs > 0) {
      this.#cancelFlush = clock.after(restMs, () => {
        this.flush()
      })
      return
    }
    // What comes in the same turn, as the commits of a group do, still goes along.
    let isCancelled = false
    this.#cancelFlush = () => {
      isCancelled = true
    }
    queueMicrotask(() => {
      if (!isCancelled) this.flush()
    })
  }

  #restart(reason: ResyncReason): void {
    this.#forget()
    for (const listener of Array.from(this.#listeners)) listener.restart(reason)
  }

  #forget(): void {
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    this.#collected = []
    this.#collectedBytes = 0
    this.#page = undefined
  }
}
