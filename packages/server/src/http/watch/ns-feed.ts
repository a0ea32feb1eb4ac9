/**
 * The namespaces at the paths of a watch and below, and what they hold.
 *
 * @module
 */

import type { ResyncReason } from '@rollcall/protocol'
import type { Catalog, NamespaceChanges } from '../../catalog/index.ts'
import type { CatalogFeed, FeedListener, ToldRevision } from './catalog-feed.ts'
import type { CatalogTopic } from './catalog-topic.ts'
import { whyUnknown } from './kv-feed.ts'
import { namespacesFrame } from './ns-frames.ts'
import { NsSnapshot } from './ns-snapshot.ts'
import type { PathSet } from './path-set.ts'
import type { Opening } from './topic.ts'
import type { Turns } from './turns.ts'

/** All is listened to: what is above a path may be moved, with all that is below it. */
const ROOT = ''

export class NsFeed implements CatalogFeed {
  readonly part = 'ns'
  readonly #catalog: Catalog
  readonly #paths: PathSet

  constructor(catalog: Catalog, paths: PathSet) {
    this.#catalog = catalog
    this.#paths = paths
  }

  subscribe(listener: FeedListener): () => void {
    const { namespaces } = this.#catalog
    const unsubscribe = namespaces.subscribe(ROOT, (changes) => {
      const ours = this.#paths.of(changes)
      if (ours === 'moved_in') listener.restart(ours)
      else if (ours) listener.change(toldOf(ours))
    })
    const stop = namespaces.onRestart((reason) => {
      listener.restart(reason)
    })
    return () => {
      unsubscribe()
      stop()
    }
  }

  since(revision: number): readonly ToldRevision[] | ResyncReason {
    const changes = this.#catalog.namespaces.changesSince(ROOT, revision)
    if (!changes) return whyUnknown(this.#catalog, revision)
    const told: ToldRevision[] = []
    for (const each of changes) {
      const ours = this.#paths.of(each)
      if (ours === 'moved_in') return ours
      if (ours) told.push(toldOf(ours))
    }
    return told
  }

  snapshot(topic: CatalogTopic, turns: Turns): Opening {
    return new NsSnapshot(topic, { catalog: this.#catalog, paths: this.#paths, turns })
  }
}

function toldOf(changes: NamespaceChanges): ToldRevision {
  return { revision: changes.revision, encode: () => namespacesFrame(changes) }
}
