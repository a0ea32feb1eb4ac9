/**
 * All watchers of a node: which topics there are, who listens, the pings.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import type { InstancePlane } from '../../instances/index.ts'
import { serviceKeyText, type ServiceKey } from '../../model/instance-key.ts'
import type { InstanceFilter } from '../instance-filter.ts'
import type { ServiceBodies } from '../service-bodies.ts'
import { frame } from './frames.ts'
import { Topic } from './topic.ts'
import type { WatchStream } from './watch-stream.ts'

const PING_MS = 15_000

export interface WatchHubOptions {
  readonly instances: InstancePlane
  readonly bodies: ServiceBodies
  readonly clock: Clock
}

export class WatchHub {
  readonly #options: WatchHubOptions
  readonly #topics = new Map<string, Topic>()
  readonly #streams = new Set<WatchStream>()
  #cancelPing: (() => void) | undefined

  constructor(options: WatchHubOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#streams.size
  }

  /** The topics of a watch, shared with everyone who watches the same. */
  topics(keys: readonly ServiceKey[], filter: InstanceFilter): Topic[] {
    const { instances, bodies } = this.#options
    return keys.map((key) => {
      const text = `${serviceKeyText(key)} ${filter.key}`
      const topic = this.#topics.get(text) ?? new Topic({ instances, bodies, key, filter })
      this.#topics.set(text, topic)
      return topic
    })
  }

  /** Counts a stream in until the returned function is called, which stops it. */
  enter(stream: WatchStream): () => void {
    this.#streams.add(stream)
    if (!this.#cancelPing) this.#pingLater()
    return () => {
      stream.stop()
      this.#streams.delete(stream)
      if (this.#streams.size > 0) return
      this.#topics.clear()
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
    for (const [text, topic] of this.#topics) if (!topic.isWatched) this.#topics.delete(text)
  }
}
