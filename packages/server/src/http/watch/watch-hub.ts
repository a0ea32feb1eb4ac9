/**
 * All watchers of a node: which topics there are, who listens, the pings.
 *
 * @module
 */

import type { WatchPart } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { Catalog } from '../../catalog/index.ts'
import type { InstancePlane } from '../../instances/index.ts'
import { serviceKeyText, type ServiceKey } from '../../model/instance-key.ts'
import type { InstanceFilter } from '../instance-filter.ts'
import type { ServiceBodies } from '../service-bodies.ts'
import type { CatalogFeed } from './catalog-feed.ts'
import { CatalogTopic } from './catalog-topic.ts'
import { frame } from './frames.ts'
import { KvFeed } from './kv-feed.ts'
import { NsFeed } from './ns-feed.ts'
import type { PathSet } from './path-set.ts'
import type { PrefixSet } from './prefix-set.ts'
import { ServiceTopic } from './service-topic.ts'
import { Turns } from './turns.ts'
import type { WatchStream } from './watch-stream.ts'

const PING_MS = 15_000

export interface WatchHubOptions {
  readonly instances: InstancePlane
  readonly bodies: ServiceBodies
  readonly clock: Clock
}

export class WatchHub {
  readonly #options: WatchHubOptions
  readonly #services = new Map<string, ServiceTopic>()
  readonly #ofCatalog = new Map<string, CatalogTopic>()
  readonly #turns: Turns
  readonly #streams = new Set<WatchStream>()
  #cancelPing: (() => void) | undefined

  constructor(options: WatchHubOptions) {
    this.#options = options
    this.#turns = new Turns(options.clock)
  }

  get count(): number {
    return this.#streams.size
  }

  /** How many watch something of a part of the node. */
  countOf(part: WatchPart): number {
    let count = 0
    for (const stream of this.#streams) if (stream.isOf(part)) count += 1
    return count
  }

  /** The services of a watch, shared with everyone who watches the same. */
  topics(keys: readonly ServiceKey[], filter: InstanceFilter): ServiceTopic[] {
    const { instances, bodies } = this.#options
    return keys.map((key) => {
      const text = `${serviceKeyText(key)} ${filter.key}`
      const known = this.#services.get(text)
      const topic = known ?? new ServiceTopic({ instances, bodies, key, filter })
      this.#services.set(text, topic)
      return topic
    })
  }

  /** The keys of a watch, shared with everyone who watches just these. */
  kvTopic(catalog: Catalog, prefixes: PrefixSet): CatalogTopic {
    return this.#topicOf(`kv ${prefixes.text}`, () => new KvFeed(catalog, prefixes))
  }

  /** The namespaces of a watch, shared in the same way. */
  nsTopic(catalog: Catalog, paths: PathSet): CatalogTopic {
    return this.#topicOf(`ns ${paths.text}`, () => new NsFeed(catalog, paths))
  }

  #topicOf(text: string, feed: () => CatalogFeed): CatalogTopic {
    const known = this.#ofCatalog.get(text)
    if (known) return known
    const { clock } = this.#options
    const topic = new CatalogTopic({ feed: feed(), clock, turns: this.#turns })
    this.#ofCatalog.set(text, topic)
    return topic
  }

  /** Counts a stream in until the returned function is called, which stops it. */
  enter(stream: WatchStream): () => void {
    this.#streams.add(stream)
    if (!this.#cancelPing) this.#pingLater()
    return () => {
      stream.stop()
      this.#streams.delete(stream)
      if (this.#streams.size > 0) return
      this.#services.clear()
      this.#ofCatalog.clear()
      this.#cancelPing?.()
      this.#cancelPing = undefined
    }
  }

  #pingLater(): void {
    const { clock } = this.#options
    this.#cancelPing = clock.after(PING_MS, () => {
      const bytes = frame('ping', { t: clock.wallMs() })
      for (const stream of this.#streams) stream.ping(bytes)
      this.#forgetUnwatched()
      this.#pingLater()
    })
  }

  /** Topics that nobody watches are kept for a while, since watchers come back. */
  #forgetUnwatched(): void {
    for (const topics of [this.#services, this.#ofCatalog]) {
      for (const [text, topic] of topics) if (!topic.isWatched) topics.delete(text)
    }
  }
}
