/**
 * Watching keys.
 *
 * @module
 */

import {
  API_BASE,
  type KvEvent,
  type KvSnapshotEvent,
  type ResyncEvent,
  type ResyncReason,
  type WatchedPut,
} from '@rollcall/protocol'
import { CatalogPoint } from './catalog-point.ts'
import { withQuery } from './paths.ts'
import { follow, type EventMessage, type Feed, type WatchOptions } from './reconnecting.ts'

/** What is to be watched. */
export interface KvWatchQuery {
  /** Default: every key. */
  readonly prefix?: string
  /** A revision of which everything is known: only what changed after it. */
  readonly from?: number
  /** Ends the watch. */
  readonly signal: AbortSignal
}

/** A key as it was put. */
export interface KvPutEvent {
  readonly key: string
  readonly value: Uint8Array
  readonly modRevision: number
  readonly lease?: number
}

/** What a watch of keys yields. */
export type KvWatchEvent =
  /**
   * A page of what is there. The first page puts an end to what was known before; after the last,
   * everything is known.
   */
  | {
      readonly kind: 'snapshot'
      readonly first: boolean
      readonly more: boolean
      readonly revision: number
      readonly entries: readonly (KvPutEvent & { readonly createRevision: number })[]
    }
  /** All that one revision changed. */
  | {
      readonly kind: 'change'
      readonly revision: number
      readonly puts: readonly KvPutEvent[]
      readonly deletes: readonly string[]
    }
  /** What was seen so far is void; a snapshot follows. */
  | { readonly kind: 'resync'; readonly reason: ResyncReason }

/** Yields events until `query.signal` aborts or the client is closed; see `follow`. */
export function watchKv(
  options: WatchOptions,
  query: KvWatchQuery,
): AsyncGenerator<KvWatchEvent, void, undefined> {
  return follow(options, new KvFeed(query), query.signal)
}

const KINDS: ReadonlySet<string> = new Set(['kv-snapshot', 'kv', 'resync'])

/** Hands on each revision once. */
class KvFeed implements Feed<KvWatchEvent> {
  readonly kinds = KINDS
  readonly #prefix: string
  readonly #point: CatalogPoint

  constructor({ prefix = '', from }: KvWatchQuery) {
    this.#prefix = prefix
    this.#point = new CatalogPoint(from)
  }

  get lastEventId(): string | undefined {
    return this.#point.lastEventId
  }

  path(): string {
    return withQuery(`${API_BASE}/watch`, { kv: this.#prefix, from: this.#point.from })
  }

  connected(): void {
    this.#point.connected()
  }

  restart(): void {
    this.#point.restart()
  }

  take({ event, id, data }: EventMessage): KvWatchEvent | undefined {
    if (event === 'resync') {
      this.restart()
      return { kind: 'resync', reason: (data as ResyncEvent).reason }
    }
    const taken =
      event === 'kv' ? this.#change(data as KvEvent) : this.#page(data as KvSnapshotEvent)
    this.#point.reached(id)
    return taken
  }

  #change({ revision, puts, deletes }: KvEvent): KvWatchEvent | undefined {
    if (this.#point.has(revision)) return undefined
    this.#point.handedOn(revision)
    return { kind: 'change', revision, puts: puts.map(putOf), deletes }
  }

  #page({ revision, entries, more }: KvSnapshotEvent): KvWatchEvent {
    return {
      kind: 'snapshot',
      first: this.#point.page({ revision, more }),
      more,
      revision,
      entries: entries.map(({ valueBase64 = '', ...entry }) => ({
        ...entry,
        value: Buffer.from(valueBase64, 'base64'),
      })),
    }
  }
}

function putOf({ valueBase64, ...put }: WatchedPut): KvPutEvent {
  return { ...put, value: Buffer.from(valueBase64, 'base64') }
}
