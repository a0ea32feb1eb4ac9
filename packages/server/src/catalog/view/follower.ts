/**
 * Keeps the view true: reads the whole catalog, then follows the engine's changes from the very
 * next revision on. A watch that breaks is taken up where it ended; where that is not possible,
 * or everything was replaced, another view is built beside the one that goes on serving.
 *
 * @module
 */

import { hasCode, RegistryError } from '@rollcall/protocol/errors'
import { Backoff, type Actor, type Clock, type Logger, type Random } from '@rollcall/runtime'
import type { CatalogMetrics } from '../catalog-metrics.ts'
import type { Batch, Engine } from '../engine.ts'
import { Slices } from '../engine/slices.ts'
import type { RestartReason } from '../kv-feed.ts'
import type { Freshness } from './freshness.ts'
import { ViewTables } from './tables.ts'
import type { View } from './view.ts'

const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 5_000
/** A batch of more changes is read in slices before it is applied, which is one step. */
const LONG_BATCH = 500

export interface FollowerOptions {
  readonly engine: Engine
  readonly view: View
  readonly freshness: Freshness
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: CatalogMetrics
}

export class ViewFollower implements Actor {
  readonly #options: FollowerOptions
  readonly #backoff: Backoff
  /** Why the whole has to be read again; undefined: changes lead on from the view. */
  #rebuild: RestartReason | 'start' | undefined = 'start'
  /** The revision at which the view is fresh again; infinite: it is, or nobody knows yet. */
  #target = Number.POSITIVE_INFINITY

  constructor(options: FollowerOptions) {
    this.#options = options
    const { random } = options
    this.#backoff = new Backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, random })
    options.freshness.report('watch', 'the catalog is being read')
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    while (!signal.aborted) {
      try {
        if (this.#rebuild) await this.#build(this.#rebuild, signal)
        if (!signal.aborted) await this.#follow(signal)
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error
        if (!signal.aborted) this.#broke(error)
      }
      if (!signal.aborted) await clock.sleep(this.#backoff.nextMs(), signal)
    }
  }

  /** The state in which the view is after a failure, and what has to be done about it. */
  #broke(error: RegistryError): void {
    const { freshness, log, metrics, view } = this.#options
    if (hasCode(error, 'compacted') && view.isBuilt) this.#rebuild = 'compacted'
    if (hasCode(error, 'generation_changed') && view.isBuilt) this.#rebuild = 'restored'
    freshness.report('watch', error.message)
    metrics.watchBroke(error.code)
    log.warn({ code: error.code, reason: error.message }, 'the view does not follow the engine')
  }

  async #build(why: RestartReason | 'start', signal: AbortSignal): Promise<void> {
    const { engine, view, clock, log, metrics } = this.#options
    const startedMs = clock.monotonicMs()
    const tables = new ViewTables(clock)
    const slices = new Slices(clock)
    await using snapshot = await engine.snapshot()
    for await (const page of snapshot.pages()) {
      for (const entry of page) {
        tables.put(entry)
        if (slices.isOver()) await slices.pause()
      }
      if (signal.aborted) return
    }
    await tables.openSearch(clock)
    this.#rebuild = undefined
    view.replace(tables, snapshot.revision, why === 'start' ? undefined : why)
    const tookMs = Math.round(clock.monotonicMs() - startedMs)
    metrics.viewBuilt(why, tookMs)
    log.info({ why, keys: tables.kv.size, revision: snapshot.revision, tookMs }, 'built the view')
  }

  /** Until the watch ends, however it ends. */
  async #follow(signal: AbortSignal): Promise<void> {
    const ending = new AbortController()
    const end = () => {
      ending.abort()
    }
    const either = AbortSignal.any([signal, ending.signal])
    const ends = await Promise.allSettled([
      this.#drain(either).finally(end),
      this.#confirm(either).catch((error: unknown) => {
        end()
        throw error
      }),
    ])
    for (const outcome of ends) if (outcome.status === 'rejected') throw outcome.reason
  }

  async #drain(signal: AbortSignal): Promise<void> {
    const { engine, view, clock } = this.#options
    const slices = new Slices(clock)
    for await (const batches of engine.watch(view.revision + 1, signal)) {
      for (const batch of batches) {
        if (batch.changes.length > LONG_BATCH) await this.#readAhead(batch, slices)
        if (signal.aborted) return
        view.apply(batch)
        this.#looksFresh()
        if (slices.isOver(batch.changes.length)) await slices.pause()
        if (signal.aborted) return
      }
    }
    if (!signal.aborted) throw new RegistryError('unavailable', 'The watch of the engine ended.')
  }

  /** What was read is then taken over in a turn of its own. */
  async #readAhead({ changes }: Batch, slices: Slices): Promise<void> {
    for (const _ of this.#options.view.tables.readAhead(changes)) {
      if (slices.isOver()) await slices.pause()
    }
    if (slices.isBegun) await slices.pause()
  }

  /** The view is fresh again once it has what the engine had after the watch began. */
  async #confirm(signal: AbortSignal): Promise<void> {
    const { engine, clock } = this.#options
    this.#target = Number.POSITIVE_INFINITY
    while (!signal.aborted) {
      try {
        this.#target = await engine.revision()
        if (!signal.aborted) this.#looksFresh()
        return
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error
        await clock.sleep(RETRY_FIRST_MS, signal)
      }
    }
  }

  #looksFresh(): void {
    if (this.#options.view.revision < this.#target) return
    this.#target = Number.POSITIVE_INFINITY
    this.#options.freshness.clear('watch')
    this.#backoff.reset()
  }
}
