/**
 * A watch of the port over watches of etcd: taken up at the next revision, at another member
 * where there is one, whenever one breaks.
 *
 * It covers all that is ours and not only the content. So a revision in which only a lane moved,
 * or another generation was written, comes as a batch without changes, and whoever waits for the
 * revision of a commit that changed nothing is told.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock } from '@rollcall/runtime'
import type { Batch, Change } from '../../catalog/engine.ts'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure, failureOf, shuttingDown } from './etcd-failure.ts'
import {
  decodeGeneration,
  generationChanged,
  toEntry,
  toLogical,
  type Place,
} from './generation.ts'
import { EVENT, type WatchResponse } from './messages.ts'
import { METHODS } from './methods.ts'
import type { Session } from './session.ts'

/** Broken so often without a word in between, it is told. */
const TRIES = 3
const RETRY_AFTER_MS = 100

export interface WatcherOptions {
  readonly client: EtcdClient
  readonly session: Session
  readonly clock: Clock
  /** Aborts when the engine closes. */
  readonly closing: AbortSignal
}

export class Watcher {
  readonly #options: WatcherOptions

  constructor(options: WatcherOptions) {
    this.#options = options
  }

  /** As the port says. The generation is the one that counts when it is called. */
  watch(fromRevision: number, signal: AbortSignal): AsyncIterable<readonly Batch[]> {
    const { session } = this.#options
    return this.#follow(session.isOpen ? session.place : undefined, { fromRevision, signal })
  }

  async *#follow(
    begun: Place | undefined,
    { fromRevision, signal }: { readonly fromRevision: number; readonly signal: AbortSignal },
  ): AsyncGenerator<readonly Batch[]> {
    const { session, clock, closing } = this.#options
    const place = begun ?? (await this.#open())
    const { generation } = place
    if (generation.number > 1 && fromRevision <= toLogical(generation, generation.modRevision)) {
      throw compacted(fromRevision)
    }
    let next = Math.max(fromRevision - generation.base, 1)
    let failures = 0
    while (!signal.aborted) {
      if (closing.aborted) throw shuttingDown()
      if (session.generation.number !== generation.number) throw generationChanged()
      try {
        for await (const response of this.#stream(next, signal)) {
          failures = 0
          const batches = this.#batchesOf(place, response)
          const last = batches.at(-1)
          if (!last) continue
          next = last.revision - generation.base + 1
          yield batches
          if (session.generation.number !== generation.number) throw generationChanged()
        }
      } catch (error) {
        if (!(error instanceof EtcdFailure)) throw error
        if (error.kind === 'compacted') throw compacted(fromRevision)
        failures += 1
        if (error.kind !== 'no_answer' || failures === TRIES) throw error.refusal()
        await clock.sleep(RETRY_AFTER_MS * failures, signal)
      }
    }
  }

  async #open(): Promise<Place> {
    await this.#options.session.ensure()
    return this.#options.session.place
  }

  /** One watch of etcd. Throws an `EtcdFailure`; ends when it is of no use any more. */
  async *#stream(revision: number, signal: AbortSignal): AsyncGenerator<WatchResponse> {
    const { client, session, closing } = this.#options
    const { stream, url } = await client.stream(METHODS.watch)
    const end = () => {
      stream.cancel()
    }
    // It is also told of errors that come after it was given up.
    stream.on('error', () => {})
    const calls = [client.onMoved(end), session.onGeneration(end), session.ownChanges.watching()]
    const signals = [signal, closing]
    for (const one of signals) one.addEventListener('abort', end, { once: true })
    if (signals.some(({ aborted }) => aborted)) end()
    try {
      stream.write({ create_request: { ...session.keyspace.whole, start_revision: revision } })
      for await (const response of stream as AsyncIterable<WatchResponse>) {
        if (response.canceled) throw canceled(response)
        yield response
      }
    } catch (error) {
      const failure = error instanceof EtcdFailure ? error : failureOf(error as never)
      if (signals.some(({ aborted }) => aborted) || client.url !== url) return
      if (failure.kind === 'no_answer') client.leave(url)
      if (failure.kind === 'token_refused') client.forgetToken()
      throw failure
    } finally {
      for (const callOff of calls) callOff()
      for (const one of signals) one.removeEventListener('abort', end)
      stream.cancel()
    }
  }

  /** What one answer brings; whole revisions, since fragments are not asked for. */
  #batchesOf(place: Place, { events }: WatchResponse): readonly Batch[] {
    const { session } = this.#options
    const { keyspace, generation } = place
    const batches: { revision: number; changes: Change[] }[] = []
    const own: Batch[] = []
    for (const { type, kv } of events) {
      const revision = toLogical(generation, kv.mod_revision)
      let batch = batches.at(-1)
      if (batch?.revision !== revision) {
        // What changed nothing need not be told where something follows.
        if (batch?.changes.length === 0) batches.pop()
        batch = { revision, changes: [] }
        batches.push(batch)
      }
      if (session.laneKey.equals(kv.key)) own.push(batch)
      if (type === EVENT.put && keyspace.generation.equals(kv.key)) {
        session.adopt(decodeGeneration(kv))
        break
      }
      const key = keyspace.keyOf(generation.number, kv.key)
      if (key === undefined) continue
      const isPut = type === EVENT.put
      batch.changes.push(
        isPut ? { kind: 'put', entry: toEntry(generation, key, kv) } : { kind: 'delete', key },
      )
    }
    for (const { revision, changes } of own) session.ownChanges.brought(revision, changes)
    const last = batches.at(-1)
    if (last) session.watched(last.revision - generation.base)
    return batches
  }
}

function canceled({ compact_revision, cancel_reason }: WatchResponse): EtcdFailure {
  if (Number(compact_revision) > 0) return new EtcdFailure('compacted', cancel_reason)
  const isDenied = cancel_reason.includes('permission')
  return new EtcdFailure(isDenied ? 'denied' : 'no_answer', cancel_reason)
}

function compacted(revision: number): RegistryError {
  const message = `The changes from revision ${revision} on are not kept any more; read anew and watch from there.`
  return new RegistryError('compacted', message, { details: { revision } })
}
