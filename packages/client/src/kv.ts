/**
 * The typed calls of keys and values.
 *
 * @module
 */

import {
  API_BASE,
  HEADERS,
  RegistryError,
  type KvDeleted,
  type KvEntry as SentEntry,
  type KvList,
  type KvPutAnswer,
} from '@rollcall/protocol'
import { deletion, unlessAbsent, type Deleted } from './absence.ts'
import {
  numberIn,
  revisionOf,
  type CatalogCalls,
  type ReadOptions,
  type WriteOptions,
} from './catalog-calls.ts'
import type { Answer } from './answers.ts'
import { watchKv, type KvWatchEvent, type KvWatchQuery } from './kv-watch.ts'
import { everyPage, type PageQuery } from './pages.ts'
import { withQuery } from './paths.ts'
import type { WatchOptions } from './reconnecting.ts'
import { bytesOf, type Value } from './values.ts'

const PATH = `${API_BASE}/kv`

/** A key with its value. */
export interface KvEntry {
  readonly key: string
  readonly value: Uint8Array
  /** Of its last put. */
  readonly modRevision: number
  /** Of the put that began this life of it. */
  readonly createRevision: number
  /** With which it ends. */
  readonly lease?: number
}

/** A key of a list; without its value where that was not asked for. */
export type ListedKey = Omit<KvEntry, 'value'> & { readonly value?: Uint8Array }

export interface KvPage {
  readonly entries: readonly ListedKey[]
  /** The cursor of the next page; null after the last. */
  readonly next: string | null
  readonly revision: number
}

export interface KvListQuery extends ReadOptions {
  /** Default: every key. */
  readonly prefix?: string
  /** Up to 1,000, default 100. */
  readonly limit?: number
  readonly cursor?: string
  readonly keysOnly?: boolean
}

export interface KvPutOptions extends WriteOptions {
  /** The modRevision that the key must have; 0: it must not be there. Else `revision_conflict`. */
  readonly ifRevision?: number
  /** A lease with which the key ends; without one it ends with none, also if it did before. */
  readonly lease?: number
}

export interface KvDeleteOptions extends WriteOptions {
  /** The modRevision that the key must have. Else `revision_conflict`. */
  readonly ifRevision?: number
}

/** Keys of 1 to 512 bytes of UTF-8, values of up to 1 MiB. */
export class Kv {
  readonly #calls: CatalogCalls
  readonly #watchOptions: WatchOptions

  constructor(calls: CatalogCalls, watchOptions: WatchOptions) {
    this.#calls = calls
    this.#watchOptions = watchOptions
  }

  /** Reads a key; undefined when it is not there. */
  async get(key: string, options: ReadOptions = {}): Promise<KvEntry | undefined> {
    const read = this.#calls.read(pathOf(key), options, { expects: 'bytes' })
    const answer = await unlessAbsent('key_not_found', read)
    return answer && entryOf(key, answer)
  }

  /** Puts a key. Throws `revision_conflict`, and `lease_not_found` for a lease that has ended. */
  async put(key: string, value: Value, options: KvPutOptions = {}): Promise<KvPutAnswer> {
    const { ifRevision, lease } = options
    const path = withQuery(pathOf(key), { ifRevision, lease })
    const call = { method: 'PUT', path, bytes: bytesOf(value) } as const
    const answer = await this.#calls.write(call, options)
    return answer.body as KvPutAnswer
  }

  /** Deletes a key. `deleted` is false when it was not there. Throws `revision_conflict`. */
  async delete(key: string, options: KvDeleteOptions = {}): Promise<Deleted> {
    const path = withQuery(pathOf(key), { ifRevision: options.ifRevision })
    const write = this.#calls.write({ method: 'DELETE', path }, options)
    return await deletion('key_not_found', write)
  }

  /** Deletes every key below a prefix, which must not be empty; `limit_exceeded` above 10,000. */
  async deletePrefix(
    prefix: string,
    options: WriteOptions = {},
  ): Promise<{ readonly deleted: number; readonly revision: number }> {
    const path = withQuery(PATH, { prefix })
    const answer = await this.#calls.write({ method: 'DELETE', path }, options)
    return { ...(answer.body as KvDeleted), revision: revisionOf(answer) }
  }

  /** Reads one page of keys, in the order of their bytes. */
  async list(query: KvListQuery = {}): Promise<KvPage> {
    const { prefix, limit, cursor, keysOnly } = query
    const answer = await this.#calls.read(PATH, query, {
      query: { prefix, limit, cursor, keysOnly: keysOnly === true ? '1' : undefined },
    })
    const { entries, next, revision } = answer.body as KvList
    return { entries: entries.map(listed), next, revision }
  }

  /** Reads all keys below a prefix, page by page as they are asked for. */
  async *every(
    query: Omit<KvListQuery, 'limit' | 'cursor'> = {},
  ): AsyncGenerator<ListedKey, void, undefined> {
    const read = (page: PageQuery) => this.list({ ...query, ...page })
    for await (const page of everyPage(read)) yield* page.entries
  }

  /**
   * Watches the keys below a prefix until `signal` aborts or the client is closed: what is there,
   * then each revision that changes it, once and in order. A lost connection is taken up again
   * where it broke. Throws what no waiting cures, such as a refused token.
   */
  watch(query: KvWatchQuery): AsyncIterable<KvWatchEvent> {
    return watchKv(this.#watchOptions, query)
  }
}

/** Puts an entry of a list into our form. */
export function listed({ valueBase64, ...entry }: SentEntry): ListedKey {
  if (valueBase64 === undefined) return entry
  return { ...entry, value: Buffer.from(valueBase64, 'base64') }
}

function pathOf(key: string): string {
  return `${PATH}/${encodeURIComponent(key)}`
}

function entryOf(key: string, answer: Answer): KvEntry {
  const lease = answer.header(HEADERS.lease)
  return {
    key,
    value: answer.bytes,
    modRevision: taggedRevision(answer),
    createRevision: numberIn(answer, HEADERS.createRevision),
    ...(lease === undefined ? {} : { lease: Number(lease) }),
  }
}

/** The ETag is the revision in quotes; a proxy that compresses makes it a weak one. */
function taggedRevision(answer: Answer): number {
  const [, revision] = /^(?:W\/)?"(\d+)/.exec(answer.header('etag') ?? '') ?? []
  if (revision !== undefined) return Number(revision)
  throw new RegistryError('internal', 'The registry answered a key without its revision.')
}
