/**
 * The engine on one machine: durable, over one file of LMDB. See `DESIGN.md`.
 *
 * @module
 */

import { hasCode, RegistryError } from '@rollcall/protocol/errors'
import { together, type Actor, type Clock, type Logger, type Random } from '@rollcall/runtime'
import { ChangeFeed } from '../../catalog/engine/change-feed.ts'
import { checkCommit } from '../../catalog/engine/check-commit.ts'
import { decide } from '../../catalog/engine/decide.ts'
import { LeaseBook } from '../../catalog/engine/lease-book.ts'
import { noEngineReports, type EngineReports } from '../../catalog/engine/engine-reports.ts'
import { expireLeases } from '../../catalog/engine/lease-expiry.ts'
import { checkRange, takePage } from '../../catalog/engine/page.ts'
import { inSlices } from '../../catalog/engine/slices.ts'
import type {
  Batch,
  Commit,
  CommitResult,
  ContentSize,
  Engine,
  EngineStatus,
  Range,
  RangeQuery,
  Replaced,
  Restorable,
  Snapshot,
} from '../../catalog/engine.ts'
import { ChangeLog } from './change-log.ts'
import { Committer } from './committer.ts'
import type { Group } from './group.ts'
import { Health } from './health.ts'
import { LmdbLeases } from './leases.ts'
import { forgetFolder, openFolder, type Opened } from './open.ts'
import { noRoom, restoreInto, roomNeeded } from './restore.ts'
import { LmdbSnapshot } from './snapshot.ts'
import type { Store } from './store.ts'
import { Sweeper } from './sweeper.ts'

const KEEP_REVISIONS = 20_000
const KEEP_BYTES = 32 * 1_024 * 1_024
const LOOK_EVERY_MS = 1_000
const TIDY_EVERY_MS = 60_000

export interface LmdbEngineOptions {
  /** Its own: nothing else is kept there. */
  readonly folder: string
  /** By which leases end and the log grows old. */
  readonly clock: Clock
  /** By which the disk is waited for and work is cut into slices; `clock` where it is absent. */
  readonly io?: Clock
  readonly random: Random
  readonly log: Logger
  readonly reports?: EngineReports
  /** The newest revisions that watchers are fed from memory, 20,000; older ones come from the disk. */
  readonly keepRevisions?: number
}

/**
 * Opens the catalog in a folder, or begins one. Throws `unavailable`, with nothing changed, when
 * another process has it, or it is torn, foreign or of another version.
 */
export async function openLmdbEngine(options: LmdbEngineOptions): Promise<LmdbEngine> {
  const io = options.io ?? options.clock
  const opened = await openFolder(options.folder, io)
  const engine = new LmdbEngine({ ...options, io }, opened)
  await engine.readLeases()
  return engine
}

export class LmdbEngine implements Engine, AsyncDisposable {
  readonly leases: LmdbLeases
  readonly #options: LmdbEngineOptions & { readonly io: Clock }
  readonly #folder: string
  readonly #store: Store
  readonly #book: LeaseBook
  readonly #health: Health
  readonly #feed: ChangeFeed
  readonly #committer: Committer
  readonly #changeLog: ChangeLog
  readonly #sweeper: Sweeper
  readonly #snapshots = new Set<Snapshot>()
  #isRestoring = false
  #closing: Promise<void> | undefined

  constructor(
    options: LmdbEngineOptions & { readonly io: Clock },
    { folder, store, state }: Opened,
  ) {
    const { clock, io, random, log, reports = noEngineReports } = options
    this.#options = options
    this.#folder = folder
    this.#store = store
    this.#book = new LeaseBook(clock)
    this.#health = new Health({ folder, io, log })
    const book = this.#book
    const health = this.#health
    this.#feed = new ChangeFeed({
      revision: state.revision,
      keepBytes: KEEP_BYTES,
      keepRevisions: options.keepRevisions ?? KEEP_REVISIONS,
      readLog: (from, before) => this.#changeLog.read(from, before),
    })
    this.#committer = new Committer({ store, book, feed: this.#feed, health, reports, io, state })
    this.#changeLog = new ChangeLog({ store, committer: this.#committer, clock, io })
    this.#sweeper = new Sweeper(store, this.#committer)
    this.leases = new LmdbLeases({ book, committer: this.#committer, random, reports })
    health.onChange(() => {
      this.#onHealth()
    })
  }

  /** Every lease has its full ttl from now on. */
  async readLeases(): Promise<void> {
    await inSlices(this.#options.io, this.#committer.content.leases(), (lease) => {
      this.#book.add(lease)
    })
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, io } = this.#options
    const end = (due: Parameters<LmdbLeases['endDue']>[0]) => this.leases.endDue(due)
    const expiry: Actor = {
      run: (stop) => expireLeases({ clock, book: this.#book, end }, stop),
    }
    const look: Actor = {
      run: async (stop) => {
        do await this.#look(stop)
        while (await io.sleep(LOOK_EVERY_MS, stop))
      },
    }
    const tidy: Actor = {
      run: async (stop) => {
        do await this.#tidy(stop)
        while (await clock.sleep(TIDY_EVERY_MS, stop))
      },
    }
    // Whoever opened it may have been long in getting ready, and no lease could be renewed till then.
    this.#book.renewAll()
    try {
      await together(expiry, look, tidy).run(signal)
    } finally {
      await this.close()
    }
  }

  async commit(commit: Commit): Promise<CommitResult> {
    const bytes = checkCommit(commit)
    const act = (group: Group) => {
      const { succeeded, results, writes } = decide(commit, group)
      return { revision: group.add(writes), succeeded, results }
    }
    return await this.#committer.submit(bytes, act, prefixesOf(commit))
  }

  async range(query: RangeQuery): Promise<Range> {
    checkRange(query)
    this.#committer.checkOpen()
    return await this.#committer.between(() => {
      const { content, state } = this.#committer
      return { ...takePage(content.range(query), query.limit), revision: state.revision }
    })
  }

  async revision(): Promise<number> {
    this.#committer.checkOpen()
    return await Promise.resolve(this.#committer.state.revision)
  }

  async snapshot(): Promise<Snapshot> {
    this.#committer.checkOpen()
    return await this.#committer.between(() => {
      const { content, state } = this.#committer
      const snapshot = new LmdbSnapshot({
        revision: state.revision,
        leases: this.#book.list(),
        content,
        transaction: this.#store.kv.useReadTransaction(),
        io: this.#options.io,
        onDispose: () => this.#snapshots.delete(snapshot),
      })
      this.#snapshots.add(snapshot)
      return snapshot
    })
  }

  async checkRoom(size: ContentSize): Promise<void> {
    this.#committer.checkOpen()
    const neededBytes = roomNeeded(size)
    const freeBytes = this.#health.freeBytes()
    if (neededBytes > freeBytes) throw noRoom(this.#folder, { neededBytes, freeBytes })
    await Promise.resolve()
  }

  async restore(source: Restorable, signal: AbortSignal): Promise<Replaced> {
    this.#committer.checkOpen()
    if (this.#isRestoring) throw restoring()
    this.#isRestoring = true
    try {
      return await restoreInto({
        store: this.#store,
        committer: this.#committer,
        source,
        generation: this.#sweeper.beginRestore(),
        signal,
        onSwitched: ({ revision }, { leases }) => {
          this.#book.replace(leases)
          this.#feed.restart(revision)
          this.#options.log.info({ revision }, 'restored the catalog')
        },
      })
    } catch (error) {
      const { broken } = this.#health
      // Nothing was done, and space is needed: whoever comes back in a second will not be better off.
      if (broken?.reason !== 'disk_full' || !hasCode(error, 'unavailable')) throw error
      throw new RegistryError('engine_full', broken.message, { cause: error })
    } finally {
      this.#isRestoring = false
      this.#sweeper.endRestore()
    }
  }

  watch(fromRevision: number, signal: AbortSignal): AsyncIterable<readonly Batch[]> {
    return this.#feed.watch(fromRevision, signal)
  }

  status(): EngineStatus {
    return {
      name: 'lmdb',
      broken: this.#health.broken?.message,
      sizeBytes: this.#health.sizeBytes(),
      quotaBytes: undefined,
      generation: this.#committer.state.generation,
      isCleaning: this.#sweeper.isPending,
    }
  }

  onStatus(listener: () => void): () => void {
    return this.#health.onChange(listener)
  }

  /** Answers what is under way, refuses the rest, and gives the folder back; once. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    const isIdle = await this.#committer.close()
    this.#feed.cutOff(
      new RegistryError('shutting_down', 'The catalog is closing; ask another node.'),
    )
    // A disk that does not answer would hold up the process; its end closes the file too.
    if (!isIdle) return
    for (const snapshot of this.#snapshots) await snapshot[Symbol.asyncDispose]()
    if (!this.#health.broken) await this.#store.write([this.#store.giveUpOwnership()])
    await this.#store.close()
    forgetFolder(this.#folder)
  }

  #onHealth(): void {
    const { broken } = this.#health
    this.#committer.rejectWaiting()
    const isCutOff = broken?.reason === 'folder_gone' || broken?.reason === 'not_synced'
    this.#feed.cutOff(isCutOff ? this.#health.refusal() : undefined)
  }

  /** Looks after the file, and whether a disk that failed takes writes again. */
  async #look(stop: AbortSignal): Promise<void> {
    this.#health.look()
    const reason = this.#health.broken?.reason
    if (reason === 'disk_full' || reason === 'write_failed') await this.#probe()
    if (!this.#health.broken) await allowRefusal(() => this.#sweeper.sweep(stop))
  }

  async #probe(): Promise<void> {
    try {
      await this.#store.write([this.#store.probe()])
      this.#health.set(undefined)
    } catch (error) {
      this.#health.writeFailed(error)
    }
  }

  async #tidy(stop: AbortSignal): Promise<void> {
    this.#store.forgetDeadReaders()
    if (!this.#health.broken) await allowRefusal(() => this.#changeLog.compact(stop))
  }
}

/** Tidying can wait until writes are possible again. */
async function allowRefusal(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!hasCode(error, 'unavailable') && !hasCode(error, 'shutting_down')) throw error
  }
}

function restoring(): RegistryError {
  const message = 'The catalog is being restored already; wait until that is done.'
  return new RegistryError('unavailable', message, { details: { reason: 'restoring' } })
}

/** Below which a commit looks at every key. */
function prefixesOf({ compares, then, otherwise = [] }: Commit): string[] {
  const prefixes: string[] = []
  for (const compare of compares) {
    if (compare.kind === 'unchanged_since') prefixes.push(compare.prefix)
  }
  for (const operation of [...then, ...otherwise]) {
    if (operation.kind === 'delete_prefix') prefixes.push(operation.prefix)
  }
  return prefixes
}
