import type { Clock } from '@rollcall/runtime'
import type { Catalog } from '../catalog/index.ts'
import type { CatalogTopic } from '../http/watch/catalog-topic.ts'
import { WatchHub } from '../http/watch/watch-hub.ts'
import { formatWatchId, parseWatchId } from '../http/watch/watch-id.ts'
import { planOf } from '../http/watch/watch-plan.ts'
import { WatchStream } from '../http/watch/watch-stream.ts'
import { ServiceBodies } from '../http/service-bodies.ts'
import { setUpPlane } from './index.ts'
import { SteppedConnection } from './stepped-connection.ts'

export interface SteppedWatchesOptions {
  readonly catalog: Catalog
  readonly clock: Clock
  /** What is watched. */
  readonly topicsOf: (hub: WatchHub) => readonly CatalogTopic[]
  readonly queueMaxChanges: number
  readonly queueMaxBytes: number
}

/** Watches of a catalog, one after the other, by a client who takes what it is sent step by step. */
export class SteppedWatches {
  readonly #options: SteppedWatchesOptions
  readonly #instances = setUpPlane().plane
  readonly #hub: WatchHub

  constructor(options: SteppedWatchesOptions) {
    this.#options = options
    const instances = this.#instances
    const { clock } = options
    this.#hub = new WatchHub({ instances, bodies: new ServiceBodies(instances), clock })
  }

  /** Begins one after the event with this id; without one, from the start. */
  open(after: string | undefined): { readonly wire: SteppedConnection; readonly exit: () => void } {
    const wire = new SteppedConnection()
    const topics = this.#topics()
    const watches = (part: string) => topics.some((topic) => topic.part === part)
    const of = { services: false, kv: watches('kv'), ns: watches('ns') }
    const point = after === undefined ? {} : parseWatchId(after, of)
    const { queueMaxChanges, queueMaxBytes } = this.#options
    const stream = new WatchStream({
      raw: wire,
      topics,
      deliveredToken: (told) => {
        const reached = topics.map(({ part }) => [part, told.get(part) ?? point[part]] as const)
        return formatWatchId(Object.fromEntries(reached))
      },
      queueMaxChanges,
      queueMaxBytes,
      onResync: () => {},
    })
    const exit = this.#hub.enter(stream)
    stream.subscribe()
    stream.open(planOf(this.#instances, { services: [], ofCatalog: topics, point }))
    return { wire, exit }
  }

  /** So many others who watch the same, and look away. */
  crowd(count: number): void {
    for (const topic of this.#topics()) {
      for (let at = 0; at < count; at += 1) {
        topic.subscribe({ change: () => {}, restart: () => {} })
      }
    }
  }

  #topics(): readonly CatalogTopic[] {
    return this.#options.topicsOf(this.#hub)
  }
}
