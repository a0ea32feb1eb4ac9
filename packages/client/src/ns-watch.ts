/**
 * Watching a namespace.
 *
 * @module
 */

import {
  API_BASE,
  type Namespace,
  type NsEvent,
  type NsSnapshotEvent,
  type Resource,
  type ResyncEvent,
  type ResyncReason,
} from '@rollcall/protocol'
import { CatalogPoint } from './catalog-point.ts'
import { withQuery } from './paths.ts'
import { follow, type EventMessage, type Feed, type WatchOptions } from './reconnecting.ts'

/** What is to be watched. */
export interface NamespaceWatchQuery {
  /** It and all below; default: the root. */
  readonly path?: string
  /** A revision of which everything is known: only what changed after it. */
  readonly from?: number
  /** Ends the watch. */
  readonly signal: AbortSignal
}

/** What one revision changed at one place. */
export type NamespaceChange = NsEvent

/** What a watch of a namespace yields. */
export type NamespaceWatchEvent =
  /**
   * A page of what is there. The first page puts an end to what was known before; after the last,
   * everything is known.
   */
  | {
      readonly kind: 'snapshot'
      readonly first: boolean
      readonly more: boolean
      readonly revision: number
      readonly namespaces: readonly Namespace[]
      readonly resources: readonly Resource[]
      readonly templates: readonly Resource[]
    }
  /** All that one revision changed, in order. */
  | {
      readonly kind: 'change'
      readonly revision: number
      readonly changes: readonly NamespaceChange[]
    }
  /** What was seen so far is void; a snapshot follows. */
  | { readonly kind: 'resync'; readonly reason: ResyncReason }

/** Yields events until `query.signal` aborts or the client is closed; see `follow`. */
export function watchNamespace(
  options: WatchOptions,
  query: NamespaceWatchQuery,
): AsyncGenerator<NamespaceWatchEvent, void, undefined> {
  return follow(options, new NamespaceFeed(query), query.signal)
}

const KINDS: ReadonlySet<string> = new Set(['ns-snapshot', 'ns', 'resync'])

/** Collects what one revision changed, so that it is handed on whole and once. */
class NamespaceFeed implements Feed<NamespaceWatchEvent> {
  readonly kinds = KINDS
  readonly #path: string
  readonly #point: CatalogPoint
  /** Of a revision of which more is to come. */
  #changes: NamespaceChange[] = []

  constructor({ path = '', from }: NamespaceWatchQuery) {
    this.#path = path
    this.#point = new CatalogPoint(from)
  }

  get lastEventId(): string | undefined {
    return this.#point.lastEventId
  }

  path(): string {
    return withQuery(`${API_BASE}/watch`, { ns: this.#path, from: this.#point.from })
  }

  /** The one before may have broken in the middle of a revision. */
  connected(): void {
    this.#changes = []
    this.#point.connected()
  }

  restart(): void {
    this.#changes = []
    this.#point.restart()
  }

  take({ event, id, data }: EventMessage): NamespaceWatchEvent | undefined {
    if (event === 'resync') {
      this.restart()
      return { kind: 'resync', reason: (data as ResyncEvent).reason }
    }
    const taken =
      event === 'ns' ? this.#change(data as NsEvent) : this.#page(data as NsSnapshotEvent)
    this.#point.reached(id)
    return taken
  }

  #change(event: NsEvent): NamespaceWatchEvent | undefined {
    const { more, ...change } = event
    const { revision } = event
    if (this.#point.has(revision)) return undefined
    this.#changes.push(change)
    if (more === true) return undefined
    const changes = this.#changes
    this.#changes = []
    this.#point.handedOn(revision)
    return { kind: 'change', revision, changes }
  }

  #page({ path: _path, ...page }: NsSnapshotEvent): NamespaceWatchEvent {
    return { kind: 'snapshot', first: this.#point.page(page), ...page }
  }
}
