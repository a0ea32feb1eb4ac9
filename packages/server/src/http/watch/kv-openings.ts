/**
 * How a watcher of keys is brought up to date: with everything below its prefixes, page by page,
 * or with what it missed, revision by revision. Each step is read when the one before is taken,
 * so what is told of a million keys is never in memory at once.
 *
 * @module
 */

import type { Catalog, KeyValue, KvChanges } from '../../catalog/index.ts'
import { presentEntry } from '../present-entry.ts'
import { changesFrame, joined, pageFrame } from './kv-frames.ts'
import type { KvTopic } from './kv-topic.ts'
import type { Opening, StartOver, TopicFrame } from './topic.ts'
import type { Turns } from './turns.ts'

/** What one step may hold; a single value may be more. */
const STEP_MAX_ENTRIES = 1_000
const STEP_MAX_BYTES = 256 * 1_024

export interface KvOpeningOptions {
  readonly catalog: Catalog
  readonly turns: Turns
}

/**
 * Every key, in pages. A page tells what is so when it is read; what changes afterwards is told
 * beside the pages, so whoever does as told, in order, has what is.
 */
export class KvSnapshot implements Opening {
  readonly isLong = true
  readonly topic: KvTopic
  readonly #catalog: Catalog
  readonly #turns: Turns
  #at = 0
  #after: string | undefined
  #isBegun = false

  constructor(topic: KvTopic, { catalog, turns }: KvOpeningOptions) {
    this.topic = topic
    this.#catalog = catalog
    this.#turns = turns
  }

  mayGoOn(then: () => void): boolean {
    return this.#turns.mayGoOn(then)
  }

  get needsChanges(): boolean {
    return this.#isBegun
  }

  next(): TopicFrame | undefined {
    const { prefixes } = this.topic.prefixes
    const prefix = prefixes[this.#at]
    if (prefix === undefined) return undefined
    // What this page has already must not come after it.
    this.topic.flush()
    const isWhole = prefixes.length === 1 && !this.#isBegun
    this.#isBegun = true
    if (isWhole && this.topic.page) {
      this.#at += 1
      return this.topic.page
    }
    return this.#read(prefix, isWhole)
  }

  #read(prefix: string, isWhole: boolean): TopicFrame {
    const revision = this.#catalog.status().viewRevision
    const found = this.#catalog.kv.list({ prefix, after: this.#after, limit: STEP_MAX_ENTRIES })
    const entries = firstBytes(found.entries)
    const more = found.more || entries.length < found.entries.length
    if (more) this.#after = entries.at(-1)?.key
    else {
      this.#at += 1
      this.#after = undefined
    }
    const isLast = this.#at === this.topic.prefixes.prefixes.length
    const page = { revision, prefix, entries: entries.map((entry) => presentEntry(entry)), more }
    const encoded = pageFrame(page, isLast)
    if (isWhole && isLast) this.topic.keepPage(encoded)
    return encoded
  }
}

function firstBytes(entries: readonly KeyValue[]): readonly KeyValue[] {
  let bytes = 0
  const end = entries.findIndex(({ key, value }) => {
    bytes += key.length + value.length
    return bytes > STEP_MAX_BYTES
  })
  return end < 0 ? entries : entries.slice(0, end + 1)
}

export interface KvMissedOptions extends KvOpeningOptions {
  /** Up to which the watcher knows everything. */
  readonly revision: number
  readonly changes: readonly KvChanges[]
}

/** What came after a revision, and what comes while that is told. */
export class KvMissed implements Opening {
  readonly isLong = true
  readonly needsChanges = false
  readonly topic: KvTopic
  readonly #catalog: Catalog
  readonly #turns: Turns
  #changes: readonly KvChanges[]
  #at = 0
  #revision: number

  constructor(topic: KvTopic, { catalog, turns, revision, changes }: KvMissedOptions) {
    this.topic = topic
    this.#catalog = catalog
    this.#turns = turns
    this.#revision = revision
    this.#changes = changes
  }

  mayGoOn(then: () => void): boolean {
    return this.#turns.mayGoOn(then)
  }

  next(): TopicFrame | StartOver | undefined {
    if (this.#at === this.#changes.length && !this.#readOn()) return { startOver: 'compacted' }
    const frames: TopicFrame[] = []
    let bytes = 0
    while (frames.length < STEP_MAX_ENTRIES && bytes < STEP_MAX_BYTES) {
      const changes = this.#changes[this.#at]
      if (!changes) break
      const encoded = changesFrame(changes)
      this.#at += 1
      this.#revision = changes.revision
      frames.push(encoded)
      bytes += encoded.event.length
    }
    return joined(frames)
  }

  /** Looks for what came meanwhile; the watcher was not told of it. Answers false if that is not known. */
  #readOn(): boolean {
    this.topic.flush()
    const more = this.topic.prefixes.changesSince(this.#catalog.kv, this.#revision)
    this.#changes = more ?? []
    this.#at = 0
    return more !== undefined
  }
}
