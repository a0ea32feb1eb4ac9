/**
 * How a watcher of the catalog that was away learns what it missed, revision by revision, and what
 * comes while that is told. Each step is encoded when the one before is taken.
 *
 * @module
 */

import type { CatalogFeed, ToldRevision } from './catalog-feed.ts'
import type { CatalogTopic } from './catalog-topic.ts'
import { joined } from './frames.ts'
import { STEP_MAX_BYTES, STEP_MAX_ENTRIES } from './step-limits.ts'
import type { Opening, StartOver, TopicFrame } from './topic.ts'
import type { Turns } from './turns.ts'

export interface MissedOptions {
  readonly feed: CatalogFeed
  readonly turns: Turns
  /** Up to which the watcher knows everything. */
  readonly revision: number
  /** What came after it. */
  readonly told: readonly ToldRevision[]
}

export class Missed implements Opening {
  readonly isLong = true
  readonly needsChanges = false
  readonly topic: CatalogTopic
  readonly #feed: CatalogFeed
  readonly #turns: Turns
  #told: readonly ToldRevision[]
  #at = 0
  #revision: number

  constructor(topic: CatalogTopic, { feed, turns, revision, told }: MissedOptions) {
    this.topic = topic
    this.#feed = feed
    this.#turns = turns
    this.#revision = revision
    this.#told = told
  }

  mayGoOn(then: () => void): boolean {
    return this.#turns.mayGoOn(then)
  }

  next(): TopicFrame | StartOver | undefined {
    if (this.#at === this.#told.length) {
      const startOver = this.#readOn()
      if (startOver) return startOver
    }
    const frames: TopicFrame[] = []
    let bytes = 0
    while (frames.length < STEP_MAX_ENTRIES && bytes < STEP_MAX_BYTES) {
      const told = this.#told[this.#at]
      if (!told) break
      const encoded = told.encode()
      this.#at += 1
      this.#revision = told.revision
      frames.push(encoded)
      bytes += encoded.eventWithId.length
    }
    return joined(frames)
  }

  /** Looks for what came meanwhile, of which the watcher was not told. */
  #readOn(): StartOver | undefined {
    this.topic.flush()
    const more = this.#feed.since(this.#revision)
    if (typeof more === 'string') return { startOver: more }
    this.#told = more
    this.#at = 0
    return undefined
  }
}
