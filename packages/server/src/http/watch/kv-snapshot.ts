/**
 * All keys below the prefixes of a watch, page by page. Each step is read when the one before is
 * taken, so what is told of a million keys is never in memory at once.
 *
 * @module
 */

import type { Catalog, KeyValue } from '../../catalog/index.ts'
import { presentEntry } from '../present-entry.ts'
import type { CatalogTopic } from './catalog-topic.ts'
import { pageFrame } from './kv-frames.ts'
import type { PrefixSet } from './prefix-set.ts'
import { STEP_MAX_BYTES, STEP_MAX_ENTRIES } from './step-limits.ts'
import type { Opening, TopicFrame } from './topic.ts'
import type { Turns } from './turns.ts'

export interface KvSnapshotOptions {
  readonly catalog: Catalog
  readonly prefixes: PrefixSet
  readonly turns: Turns
}

/**
 * Every key, in pages. A page tells what is so when it is read; what changes afterwards is told
 * beside the pages, so whoever does as told, in order, has what is.
 */
export class KvSnapshot implements Opening {
  readonly isLong = true
  readonly topic: CatalogTopic
  readonly #catalog: Catalog
  readonly #prefixes: readonly string[]
  readonly #turns: Turns
  #at = 0
  #after: string | undefined
  #isBegun = false

  constructor(topic: CatalogTopic, { catalog, prefixes, turns }: KvSnapshotOptions) {
    this.topic = topic
    this.#catalog = catalog
    this.#prefixes = prefixes.prefixes
    this.#turns = turns
  }

  mayGoOn(then: () => void): boolean {
    return this.#turns.mayGoOn(then)
  }

  get needsChanges(): boolean {
    return this.#isBegun
  }

  next(): TopicFrame | undefined {
    const prefix = this.#prefixes[this.#at]
    if (prefix === undefined) return undefined
    // What this page has already must not come after it.
    this.topic.flush()
    const isWhole = this.#prefixes.length === 1 && !this.#isBegun
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
    const isLast = this.#at === this.#prefixes.length
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
