/**
 * Reads of one generation at one revision.
 *
 * @module
 */

import { checkRange, snapshotPages, takePage } from '../../catalog/engine/page.ts'
import { RANGE_BYTES } from '../../catalog/engine/limits.ts'
import type { KeyValue, Lease, Range, RangeQuery, Snapshot } from '../../catalog/engine.ts'
import type { EtcdClient } from './etcd-client.ts'
import { decodeGeneration, toEntry, toLogical, type Generation, type Place } from './generation.ts'
import {
  RESULT,
  TARGET,
  type EtcdKeyValue,
  type KeySpan,
  type RangeRequest,
  type RangeResponse,
} from './messages.ts'
import { METHODS } from './methods.ts'
import { contentGone, type Session } from './session.ts'

/** How many entries are asked for before it is known how large they are. */
const FIRST_CHUNK = 32
const CHUNK_MAX = 5_000
/** Roughly what comes in one answer. */
const CHUNK_BYTES = RANGE_BYTES
/** Longer than a commit may take: a chunk is megabytes. */
const CHUNK_MS = 5_000
/** The first chunk is small, and who asks is told soon that there is no majority. */
const NOW_MS = 1_000

interface Found {
  readonly response: RangeResponse
  /** In which it was found, and at which revision of etcd. */
  readonly place: Place
  readonly revision: number
}

export interface ReaderOptions {
  readonly client: EtcdClient
  readonly session: Session
}

export class Reader {
  readonly #options: ReaderOptions

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** Linearizable, in the generation that counts then. */
  async now(spanIn: (place: Place) => RangeRequest): Promise<Found> {
    const { client, session } = this.#options
    for (;;) {
      if (!session.isOpen) await session.ensure()
      const { place } = session
      const { header, succeeded, responses } = await client.read(
        METHODS.txn,
        {
          compare: [counts(place)],
          success: [{ request_range: spanIn(place) }],
          failure: [{ request_range: { key: place.keyspace.generation } }],
        },
        NOW_MS,
      )
      const response = responses[0]?.response_range
      if (succeeded && response) return { response, place, revision: Number(header?.revision) }
      const [stored] = response?.kvs ?? []
      if (!stored) throw contentGone()
      session.adopt(decodeGeneration(stored))
    }
  }

  async range(query: RangeQuery): Promise<Range> {
    checkRange(query)
    const { prefix, after, limit } = query
    const spanIn = ({ keyspace, generation }: Place): KeySpan => {
      const span = keyspace.below(generation.number, prefix)
      if (after === undefined) return span
      const next = Buffer.concat([keyspace.entry(generation.number, after), Buffer.from([0])])
      return { ...span, key: Buffer.compare(next, span.key) > 0 ? next : span.key }
    }
    const first = await this.now((place) => ({
      ...spanIn(place),
      limit: Math.min(FIRST_CHUNK, limit + 1),
    }))
    const { place, revision } = first
    const entries = await collect(place, this.#chunksFrom(first, spanIn(place)), limit)
    return { ...takePage(entries, limit), revision: toLogical(place.generation, revision) }
  }

  /** All keys below a span, at a revision of etcd, some at a time. Rejects with `compacted`. */
  async *chunks(
    span: KeySpan,
    { revision, ...options }: { readonly revision: number; readonly keysOnly?: boolean },
  ): AsyncGenerator<readonly EtcdKeyValue[]> {
    const limit = options.keysOnly === true ? CHUNK_MAX : FIRST_CHUNK
    const keysOnly = options.keysOnly === true
    const response = await this.#at(span, { revision, limit, keysOnly })
    yield* this.#chunksFrom({ response, revision }, span, keysOnly)
  }

  /**
   * How many revisions after one of etcd have put what a generation has now. Puts that another
   * has replaced, and deletes, leave no trace to count.
   */
  async putsSince({ keyspace, generation }: Place, revision: number): Promise<number> {
    const span = keyspace.below(generation.number, '')
    const request = { ...span, min_mod_revision: revision + 1, keys_only: true }
    const { kvs } = await this.#options.client.read(METHODS.range, request, CHUNK_MS)
    return new Set(kvs.map(({ mod_revision }) => mod_revision)).size
  }

  async snapshot(): Promise<Snapshot> {
    const { place, revision } = await this.now(({ keyspace, generation }) => ({
      ...keyspace.leases(generation.number),
      count_only: true,
    }))
    const { keyspace, generation } = place
    const leases: Lease[] = []
    for await (const chunk of this.chunks(keyspace.leases(generation.number), { revision })) {
      for (const { key, value } of chunk) {
        leases.push({ id: keyspace.leaseOf(generation.number, key), ttlMs: Number(value) })
      }
    }
    const content = keyspace.below(generation.number, '')
    const chunks = () => this.chunks(content, { revision })
    return {
      revision: toLogical(generation, revision),
      generation: generation.number,
      leases,
      async *pages() {
        for await (const chunk of chunks()) {
          yield* snapshotPages(chunk.map((stored) => entryOf(place, stored)))
        }
      },
      async [Symbol.asyncDispose]() {
        await Promise.resolve()
      },
    }
  }

  async *#chunksFrom(
    { response, revision }: Pick<Found, 'response' | 'revision'>,
    span: KeySpan,
    keysOnly = false,
  ): AsyncGenerator<readonly EtcdKeyValue[]> {
    let chunk = response
    for (;;) {
      if (chunk.kvs.length > 0) yield chunk.kvs
      const last = chunk.kvs.at(-1)
      if (!chunk.more || !last) return
      const key = Buffer.concat([last.key, Buffer.from([0])])
      const limit = keysOnly ? CHUNK_MAX : nextChunk(chunk.kvs)
      chunk = await this.#at({ ...span, key }, { revision, limit, keysOnly })
    }
  }

  async #at(span: KeySpan, options: At): Promise<RangeResponse> {
    const { revision, limit, keysOnly } = options
    const request = { ...span, revision, limit, keys_only: keysOnly }
    return await this.#options.client.read(METHODS.range, request, CHUNK_MS)
  }
}

interface At {
  readonly revision: number
  readonly limit: number
  readonly keysOnly: boolean
}

/** That the generation that is known still counts. */
export function counts({
  keyspace,
  generation,
}: {
  readonly keyspace: Place['keyspace']
  readonly generation: Generation
}) {
  return {
    key: keyspace.generation,
    result: RESULT.equal,
    target: TARGET.mod,
    mod_revision: generation.modRevision,
  } as const
}

/** One entry more than the page that they make, where there is one. */
async function collect(
  place: Place,
  chunks: AsyncIterable<readonly EtcdKeyValue[]>,
  limit: number,
): Promise<KeyValue[]> {
  const entries: KeyValue[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    for (const stored of chunk) {
      const entry = entryOf(place, stored)
      entries.push(entry)
      if (entries.length > limit || bytes >= RANGE_BYTES) return entries
      bytes += entry.key.length + entry.value.byteLength
    }
  }
  return entries
}

function nextChunk(kvs: readonly EtcdKeyValue[]): number {
  const bytes = kvs.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
  const fits = Math.floor((CHUNK_BYTES * kvs.length) / Math.max(1, bytes))
  return Math.min(CHUNK_MAX, Math.max(FIRST_CHUNK, fits))
}

function entryOf(place: Place, stored: EtcdKeyValue): KeyValue {
  const key = place.keyspace.keyOf(place.generation.number, stored.key)
  return toEntry(place.generation, key ?? '', stored)
}
