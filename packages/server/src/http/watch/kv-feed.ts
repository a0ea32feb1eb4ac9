/**
 * The keys below the prefixes of a watch.
 *
 * @module
 */

import type { ResyncReason } from '@rollcall/protocol'
import type { Catalog, KvChanges } from '../../catalog/index.ts'
import type { CatalogFeed, FeedListener, ToldRevision } from './catalog-feed.ts'
import type { CatalogTopic } from './catalog-topic.ts'
import { changesFrame } from './kv-frames.ts'
import { KvSnapshot } from './kv-snapshot.ts'
import type { PrefixSet } from './prefix-set.ts'
import type { Opening } from './topic.ts'
import type { Turns } from './turns.ts'

export class KvFeed implements CatalogFeed {
  readonly part = 'kv'
  readonly #catalog: Catalog
  readonly #prefixes: PrefixSet

  constructor(catalog: Catalog, prefixes: PrefixSet) {
    this.#catalog = catalog
    this.#prefixes = prefixes
  }

  subscribe(listener: FeedListener): () => void {
    const { kv } = this.#catalog
    const unsubscribe = kv.subscribe(this.#prefixes.common, (changes) => {
      const ours = this.#prefixes.of(changes)
      if (ours) listener.change(toldOf(ours))
    })
    const stop = kv.onRestart((reason) => {
      listener.restart(reason)
    })
    return () => {
      unsubscribe()
      stop()
    }
  }

  since(revision: number): readonly ToldRevision[] | ResyncReason {
    const changes = this.#prefixes.changesSince(this.#catalog.kv, revision)
    return changes?.map(toldOf) ?? whyUnknown(this.#catalog, revision)
  }

  snapshot(topic: CatalogTopic, turns: Turns): Opening {
    return new KvSnapshot(topic, { catalog: this.#catalog, prefixes: this.#prefixes, turns })
  }
}

/** What this catalog has not come to yet is another's, or of one that was lost. */
export function whyUnknown(catalog: Catalog, revision: number): ResyncReason {
  return revision > catalog.status().viewRevision ? 'other_node' : 'compacted'
}

function toldOf(changes: KvChanges): ToldRevision {
  return { revision: changes.revision, encode: () => changesFrame(changes) }
}
