/**
 * The change log: what watchers read that were away for longer than memory goes back, and how
 * much of it is kept.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { turn } from '../../catalog/engine/slices.ts'
import type { Batch } from '../../catalog/engine.ts'
import type { Committer } from './committer.ts'
import { bytesSoFar, decodeBatch, numberKey, readNumber } from './records.ts'
import type { Store } from './store.ts'

/** What is kept: an hour, but no more revisions and bytes than this. */
const KEEP = { ms: 3_600_000, revisions: 1_000_000, bytes: 1_024 * 1_024 * 1_024 }
/** Most that is read, or removed, before others get their turn. */
const READ = { revisions: 1_000, bytes: 1_024 * 1_024 }
const REMOVED = 2_000

export interface ChangeLogOptions {
  readonly store: Store
  readonly committer: Committer
  /** By which an hour is an hour. */
  readonly clock: Clock
  readonly io: Clock
}

export class ChangeLog {
  readonly #options: ChangeLogOptions
  /** Which revision was the newest when; since a restart, so that an hour is never shorter. */
  readonly #samples: { readonly revision: number; readonly atMs: number }[] = []

  constructor(options: ChangeLogOptions) {
    this.#options = options
  }

  /** Some batches from a revision on; undefined when they are not all kept any more. */
  async read(from: number, before: number): Promise<readonly Batch[] | undefined> {
    const { store, committer, io } = this.#options
    await turn(io)
    if (from <= committer.state.compacted) return undefined
    const batches: Batch[] = []
    let bytes = 0
    const range = { start: numberKey(from), end: numberKey(before), limit: READ.revisions }
    for (const { key, value } of store.log.getRange(range)) {
      batches.push(decodeBatch(readNumber(key, 0), value))
      bytes += value.length
      if (bytes >= READ.bytes) break
    }
    return batches
  }

  /** Removes what need not be kept, slice by slice. */
  async compact(signal: AbortSignal): Promise<void> {
    const target = this.#target()
    while (!signal.aborted && (await this.#options.committer.alone(() => this.#trim(target))));
  }

  /** The last revision that need not be kept. */
  #target(): number {
    const { clock, committer } = this.#options
    const { revision, compacted } = committer.state
    const nowMs = clock.monotonicMs()
    let byAge = 0
    while ((this.#samples[0]?.atMs ?? nowMs) <= nowMs - KEEP.ms) {
      byAge = this.#samples.shift()?.revision ?? 0
    }
    this.#samples.push({ revision, atMs: nowMs })
    return Math.max(compacted, byAge, revision - KEEP.revisions)
  }

  /** Removes one slice; answers whether there may be more. */
  async #trim(target: number): Promise<boolean> {
    const { store, committer } = this.#options
    const { log } = store
    const mostBytes = committer.state.logged - KEEP.bytes
    const removed: Buffer[] = []
    for (const key of log.getKeys({ limit: REMOVED })) {
      const logged = log.getBinaryFast(key)
      const isOld = readNumber(key, 0) <= target
      if (!isOld && (!logged || bytesSoFar(logged) > mostBytes)) break
      removed.push(key)
    }
    const last = removed.at(-1)
    if (!last) return false
    // Known before it is done: nobody reads what is about to go.
    const compacted = Math.max(committer.state.compacted, readNumber(last, 0))
    committer.adopt({ ...committer.state, compacted })
    await committer.write([
      ...removed.map((key) => ({ table: log, key, value: undefined })),
      store.putState(committer.state),
    ])
    return removed.length === REMOVED
  }
}
