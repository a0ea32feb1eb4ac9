/**
 * Watching services.
 *
 * @module
 */

import {
  API_BASE,
  type ChangeEvent,
  type ResyncEvent,
  type SnapshotEvent,
} from '@rollcall/protocol'
import { filterQuery, withQuery, type Filters } from './paths.ts'
import { follow, type EventMessage, type Feed, type WatchOptions } from './reconnecting.ts'
import { ResumePoint } from './resume-point.ts'

/** What a watch yields. */
export type WatchEvent =
  /** The whole truth about one service: first, and again after a `resync`. */
  | { readonly kind: 'snapshot'; readonly data: SnapshotEvent }
  | { readonly kind: 'change'; readonly data: ChangeEvent }
  /** What was seen so far is void; fresh snapshots follow. */
  | { readonly kind: 'resync'; readonly data: ResyncEvent }

/** What to watch. */
export interface WatchQuery extends Filters {
  /** Up to 256. */
  readonly services: readonly string[]
  readonly env?: string
  /** A token of an earlier view or event: only what changed since. */
  readonly after?: string
  /** Ends the watch. */
  readonly signal: AbortSignal
}

/** Yields events until `query.signal` aborts or the client is closed; see `follow`. */
export function watch(
  options: WatchOptions,
  query: WatchQuery,
): AsyncGenerator<WatchEvent, void, undefined> {
  return follow(options, new ServiceFeed(query), query.signal)
}

const KINDS: ReadonlySet<string> = new Set(['snapshot', 'change', 'resync'])

class ServiceFeed implements Feed<WatchEvent> {
  readonly kinds = KINDS
  readonly #query: WatchQuery
  readonly #resume: ResumePoint

  constructor(query: WatchQuery) {
    this.#query = query
    this.#resume = new ResumePoint(query.services, query.after)
  }

  get lastEventId(): string | undefined {
    return this.#resume.lastEventId
  }

  path(): string {
    const { services, env } = this.#query
    return withQuery(`${API_BASE}/watch`, {
      service: services,
      env,
      ...filterQuery(this.#query),
      after: this.#resume.after,
    })
  }

  connected(): void {
    this.#resume.connected()
  }

  restart(): void {
    this.#resume.restart()
  }

  take({ event, id, data }: EventMessage): WatchEvent {
    const taken = { kind: event, data } as WatchEvent
    if (taken.kind === 'resync') this.restart()
    else {
      if (taken.kind === 'snapshot') this.#resume.complete(taken.data.service)
      this.#resume.reached(id)
    }
    return taken
  }
}
