/**
 * The engine in memory: commits are judged and done in the turn in which they are asked for, by
 * the same rules as everywhere.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import { invariant, type Clock, type Logger, type Random } from '@rollcall/runtime'
import { ChangeFeed } from '../../catalog/engine/change-feed.ts'
import { checkCommit } from '../../catalog/engine/check-commit.ts'
import { decide, endOfLease, type Write } from '../../catalog/engine/decide.ts'
import { LeaseBook } from '../../catalog/engine/lease-book.ts'
import type { EngineReports } from '../../catalog/engine/engine-reports.ts'
import { expireLeases } from '../../catalog/engine/lease-expiry.ts'
import { checkRange, takePage } from '../../catalog/engine/page.ts'
import { inSlices } from '../../catalog/engine/slices.ts'
import type {
  Batch,
  Commit,
  CommitResult,
  Engine,
  EngineStatus,
  Range,
  RangeQuery,
  Replaced,
  Restorable,
  Snapshot,
} from '../../catalog/engine.ts'
import { MemoryContent } from './content.ts'
import { MemoryLeases } from './leases.ts'
import { readRestorable } from './restore.ts'
import { MemorySnapshot } from './snapshot.ts'

/** What watchers may resume from: they are few, and a view is rebuilt soon. */
const HISTORY = { keepBytes: 64 * 1_024 * 1_024, keepRevisions: 100_000 }
const STATUS = {
  name: 'memory',
  broken: undefined,
  sizeBytes: 0,
  quotaBytes: undefined,
  isCleaning: false,
} as const

export interface MemoryEngineOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly reports?: Pick<EngineReports, 'expired'>
}

export function createMemoryEngine(options: MemoryEngineOptions): Engine {
  return new MemoryEngine(options)
}

class MemoryEngine implements Engine {
  readonly leases: MemoryLeases
  readonly #options: MemoryEngineOptions
  readonly #book: LeaseBook
  readonly #feed = new ChangeFeed({ revision: 0, ...HISTORY })
  #content: MemoryContent
  #generation = 1
  #isRestoring = false
  #isClosed = false

  constructor(options: MemoryEngineOptions) {
    this.#options = options
    this.#book = new LeaseBook(options.clock)
    this.#content = this.#emptyContent(0)
    this.leases = new MemoryLeases({
      book: this.#book,
      random: options.random,
      end: (id) => {
        this.#endLease(id)
        return this.#content.revision
      },
      checkOpen: () => {
        this.#checkOpen()
      },
    })
  }

  async run(signal: AbortSignal): Promise<void> {
    const end = (id: number) => {
      this.#endLease(id)
    }
    await expireLeases(
      {
        clock: this.#options.clock,
        book: this.#book,
        end: async (due) => {
          for (const { id } of due) end(id)
          if (due.length > 0) this.#options.reports?.expired(due.length)
          return await Promise.resolve(true)
        },
      },
      signal,
    )
    this.#isClosed = true
    this.#feed.cutOff(shuttingDown())
  }

  async commit(commit: Commit): Promise<CommitResult> {
    this.#checkOpen()
    checkCommit(commit)
    const { succeeded, results, writes } = decide(commit, this.#content)
    this.#write(writes)
    return await Promise.resolve({ revision: this.#content.revision, succeeded, results })
  }

  async range(query: RangeQuery): Promise<Range> {
    this.#checkOpen()
    checkRange(query)
    const { prefix, after, limit } = query
    const entries =
      after === undefined ? this.#content.below(prefix) : this.#content.after(prefix, after)
    return await Promise.resolve({ ...takePage(entries, limit), revision: this.#content.revision })
  }

  async revision(): Promise<number> {
    this.#checkOpen()
    return await Promise.resolve(this.#content.revision)
  }

  async snapshot(): Promise<Snapshot> {
    this.#checkOpen()
    const { revision } = this.#content
    const entries = this.#content.freeze()
    const leases = this.#book.list()
    const generation = this.#generation
    return await Promise.resolve(new MemorySnapshot({ revision, generation, leases, entries }))
  }

  /** What memory there is nobody knows before it is used. */
  async checkRoom(): Promise<void> {
    this.#checkOpen()
    await Promise.resolve()
  }

  async restore(source: Restorable, signal: AbortSignal): Promise<Replaced> {
    this.#checkOpen()
    if (this.#isRestoring) throw restoring()
    this.#isRestoring = true
    const begunAt = this.#content.revision
    try {
      const { clock, log } = this.#options
      const restored = await readRestorable(source, { clock, signal })
      this.#checkOpen()
      const revision = restored.check.revisionAfter(this.#content.revision)
      const content = this.#emptyContent(revision)
      await inSlices(clock, restored.entries, (entry) => {
        content.set({ ...entry, createRevision: revision, modRevision: revision })
      })
      invariant(this.#content.revision < revision, 'nobody writes a million commits in a restore')
      const lostRevisions = this.#content.revision - begunAt
      this.#content = content
      this.#generation += 1
      this.#book.replace(restored.check.leases)
      this.#feed.restart(revision)
      log.info({ revision, keys: content.size }, 'restored the catalog')
      return { revision, generation: this.#generation, lostRevisions }
    } finally {
      this.#isRestoring = false
    }
  }

  watch(fromRevision: number, signal: AbortSignal): AsyncIterable<readonly Batch[]> {
    return this.#feed.watch(fromRevision, signal)
  }

  status(): EngineStatus {
    return { ...STATUS, generation: this.#generation }
  }

  /** Nothing breaks here. */
  onStatus(): () => void {
    return () => {}
  }

  #endLease(id: number): void {
    const writes = endOfLease(this.#content.keysOf(id))
    this.#book.remove(id)
    this.#write(writes)
  }

  #write(writes: readonly Write[]): void {
    if (writes.length === 0) return
    const revision = this.#content.revision + 1
    this.#content.apply(writes, revision)
    this.#feed.publish([{ revision, changes: writes.map(({ change }) => change) }])
  }

  #emptyContent(revision: number): MemoryContent {
    return new MemoryContent(revision, (id) => this.#book.has(id))
  }

  #checkOpen(): void {
    if (this.#isClosed) throw shuttingDown()
  }
}

function shuttingDown(): RegistryError {
  return new RegistryError('shutting_down', 'The catalog is closing; ask another node.')
}

function restoring(): RegistryError {
  const message = 'The catalog is being restored already; wait until that is done.'
  return new RegistryError('unavailable', message, { details: { reason: 'restoring' } })
}
