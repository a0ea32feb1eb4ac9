/**
 * The engine of a cluster: an etcd that several nodes share. See `DESIGN.md`.
 *
 * @module
 */

import { hasCode, limitExceeded } from '@rollcall/protocol/errors'
import {
  together,
  untilAborted,
  type Actor,
  type Clock,
  type Logger,
  type Random,
} from '@rollcall/runtime'
import { checkCommit } from '../../catalog/engine/check-commit.ts'
import { noEngineReports, type EngineReports } from '../../catalog/engine/engine-reports.ts'
import { COMMIT_LIMITS } from '../../catalog/engine/limits.ts'
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
import { Committer } from './committer.ts'
import { EtcdClient, type EtcdAccess } from './etcd-client.ts'
import { engineFull, unavailable } from './etcd-failure.ts'
import { toLogical } from './generation.ts'
import { Health } from './health.ts'
import { Keyspace } from './keyspace.ts'
import { EtcdLeases } from './leases.ts'
import { LeaseRoom } from './lease-room.ts'
import { Reader } from './reader.ts'
import { restoreInto } from './restore.ts'
import { RestoreLock, restoring } from './restore-lock.ts'
import { Session } from './session.ts'
import { Sweeper } from './sweeper.ts'
import { Watcher } from './watch.ts'

const SWEEP_EVERY_MS = 60_000
/** Whoever reads is told soon that there is no majority. */
const FENCE_MS = 3_000
/** How long a watch may be behind before a read puts a fence. */
const BEHIND_MS = 20

export interface EtcdEngineOptions {
  readonly access: EtcdAccess
  /** Of everything that is kept there, such as `/rollcall`. */
  readonly prefix: string
  /** The id of the node: no two that run have the same. */
  readonly node: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly reports?: EngineReports
}

/**
 * Opens the catalog in an etcd, or begins one there. One that does not answer is no reason not to
 * start: it is tried on, and the engine is broken until then. Throws `unavailable` where it
 * refuses us.
 */
export async function openEtcdEngine(options: EtcdEngineOptions): Promise<EtcdEngine> {
  const engine = new EtcdEngine(options)
  try {
    await engine.reach()
  } catch (error) {
    if (hasCode(error, 'unavailable') && error.details['reason'] === 'no_answer') return engine
    await engine.close()
    throw error
  }
  return engine
}

export class EtcdEngine implements Engine, AsyncDisposable {
  readonly leases: EtcdLeases
  readonly #options: EtcdEngineOptions
  readonly #client: EtcdClient
  readonly #session: Session
  readonly #committer: Committer
  readonly #room: LeaseRoom
  readonly #reader: Reader
  readonly #watcher: Watcher
  readonly #health: Health
  readonly #sweeper: Sweeper
  readonly #lock: ConstructorParameters<typeof Sweeper>[0]['lock']
  readonly #closing = new AbortController()
  #isRestoring = false
  #closed: Promise<void> | undefined

  constructor(options: EtcdEngineOptions) {
    const { access, prefix, node, clock, random, log, reports = noEngineReports } = options
    this.#options = options
    const incarnation = drawIncarnation(random)
    const keyspace = new Keyspace(prefix)
    const client = new EtcdClient({ ...access, clock, log })
    const session = new Session({ client, keyspace, node, incarnation, clock, log })
    const closing = this.#closing.signal
    this.#client = client
    this.#session = session
    this.#room = new LeaseRoom(client)
    this.#committer = new Committer({ client, session, clock, random, log, reports })
    this.#reader = new Reader({ client, session })
    this.#watcher = new Watcher({ client, session, clock, closing })
    this.#health = new Health({ client, session, clock, log })
    this.#lock = { client, keyspace, node, incarnation, clock, random }
    this.#sweeper = new Sweeper({ client, session, lock: this.#lock, log })
    this.leases = new EtcdLeases({
      client,
      session,
      committer: this.#committer,
      room: this.#room,
      clock,
      random,
      checkReached: () => {
        this.#checkReached()
      },
    })
  }

  /** Resolves once it was reached. Rejects with `unavailable`. */
  async reach(): Promise<void> {
    await this.#session.ensure()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const sweep: Actor = {
      run: async (stop) => {
        do await this.#sweep(stop)
        while (await clock.sleep(SWEEP_EVERY_MS, stop))
      },
    }
    const guard: Actor = { run: (stop) => this.#untilTaken(stop) }
    try {
      await together(this.#health, sweep, guard).run(signal)
    } finally {
      await this.close()
    }
  }

  async commit(commit: Commit): Promise<CommitResult> {
    this.#committer.checkOpen()
    const bytes = checkCommit(commit)
    this.#checkReached()
    await this.#checkPrefixes(commit)
    if (!this.#room.isFree(commit)) {
      await this.#session.ensure()
      await this.#room.take(this.#session.place, commit)
    }
    return await this.#committer.commit(commit, bytes)
  }

  async range(query: RangeQuery): Promise<Range> {
    this.#committer.checkOpen()
    this.#checkReached()
    return await this.#reader.range(query)
  }

  /**
   * Of the newest change of ours, as far as that can be told for nothing; else of a fence: in an
   * etcd that others use too, its own newest revision may be one that no watch of ours will see.
   */
  async revision(): Promise<number> {
    this.#committer.checkOpen()
    this.#checkReached()
    const { response, place, revision } = await this.#reader.now(({ keyspace }) => ({
      ...keyspace.lanes,
      keys_only: true,
    }))
    const isOurs = response.kvs.some(({ mod_revision }) => Number(mod_revision) === revision)
    if (isOurs || (await this.#isWatched(revision))) return toLogical(place.generation, revision)
    return await this.#fence()
  }

  async snapshot(): Promise<Snapshot> {
    this.#committer.checkOpen()
    return await this.#reader.snapshot()
  }

  /** What the quota of an etcd that others run leaves is not told; only that it leaves nothing. */
  async checkRoom(): Promise<void> {
    this.#committer.checkOpen()
    if (this.#health.isFull) throw engineFull()
    await Promise.resolve()
  }

  async restore(source: Restorable, signal: AbortSignal): Promise<Replaced> {
    this.#committer.checkOpen()
    if (this.#isRestoring) throw restoring()
    this.#isRestoring = true
    try {
      await this.#session.ensure()
      return await this.#restore(source, signal)
    } finally {
      // Whatever is left is taken away later.
      await allowRefusal(() => this.#sweeper.sweep(this.#closing.signal))
      this.#isRestoring = false
    }
  }

  watch(fromRevision: number, signal: AbortSignal): AsyncIterable<readonly Batch[]> {
    return this.#watcher.watch(fromRevision, signal)
  }

  status(): EngineStatus {
    const { broken, seen } = this.#health
    const status = { name: 'etcd', broken, sizeBytes: seen?.sizeBytes ?? 0 } as const
    const { version = '', members = [], term = 0, leader } = seen ?? {}
    const generation = this.#session.isOpen ? this.#session.generation.number : 0
    const { isPending: isCleaning } = this.#sweeper
    const cluster = { version, members, term, leader }
    return { ...status, quotaBytes: undefined, generation, isCleaning, cluster }
  }

  onStatus(listener: () => void): () => void {
    return this.#health.onChange(listener)
  }

  /** Answers what is under way, refuses the rest, and lets go of the connections; once. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    await this.#committer.close()
    this.leases.close()
    this.#client.close()
  }

  /** What becomes of an empty commit is of no interest, so nobody waits until it is certain. */
  async #fence(): Promise<number> {
    const { clock } = this.#options
    const answered = new AbortController()
    const late = async (): Promise<never> => {
      await clock.sleep(FENCE_MS, answered.signal)
      throw unavailable('etcd does not answer; try again later.', 'no_answer')
    }
    const fence = this.#committer.commit({ compares: [], then: [] }, 0)
    try {
      return (await Promise.race([fence, late()])).revision
    } catch (error) {
      if (!hasCode(error, 'outcome_unknown')) throw error
      throw unavailable('etcd does not answer; try again later.', 'no_answer')
    } finally {
      answered.abort()
    }
  }

  /** What is known already nobody has to wait for. */
  #checkReached(): void {
    const { broken, isFull } = this.#health
    if (broken !== undefined && !isFull) throw unavailable(broken, 'no_answer')
  }

  async #restore(source: Restorable, signal: AbortSignal): Promise<Replaced> {
    const { clock, log } = this.#options
    await using lock = await RestoreLock.take(this.#lock, 'restore')
    const number = await this.#sweeper.nextNumber()
    const { place } = this.#session
    const { generation, begunAt } = await restoreInto({
      client: this.#client,
      session: this.#session,
      reader: this.#reader,
      lock,
      number,
      source,
      clock,
      signal: AbortSignal.any([signal, this.#closing.signal]),
      renew: (lease) => this.leases.renew(lease),
    })
    this.#session.adopt(generation)
    const revision = toLogical(generation, generation.modRevision)
    log.info({ revision }, 'restored the catalog')
    const lostRevisions = await this.#reader.putsSince(place, begunAt)
    return { revision, generation: generation.number, lostRevisions }
  }

  async #sweep(stop: AbortSignal): Promise<void> {
    if (this.#isRestoring || !this.#session.isOpen) return
    await allowRefusal(() => this.#sweeper.sweep(stop))
  }

  /** Two nodes of one id would take turns at the lane; the later one keeps it. */
  async #untilTaken(stop: AbortSignal): Promise<void> {
    await Promise.race([this.#session.taken, untilAborted(stop)])
  }

  async #isWatched(revision: number): Promise<boolean> {
    if (this.#session.watchedRevision >= revision) return true
    await this.#options.clock.sleep(BEHIND_MS, this.#closing.signal)
    return this.#session.watchedRevision >= revision
  }

  /** etcd would look at any number of keys, and watchers would be told of all of them at once. */
  async #checkPrefixes({ compares, then, otherwise = [] }: Commit): Promise<void> {
    const prefixes = new Set<string>()
    for (const compare of compares) {
      if (compare.kind === 'unchanged_since') prefixes.add(compare.prefix)
    }
    for (const operation of [...then, ...otherwise]) {
      if (operation.kind === 'delete_prefix') prefixes.add(operation.prefix)
    }
    let keys = 0
    for (const prefix of prefixes) {
      const { response } = await this.#reader.now(({ keyspace, generation }) => ({
        ...keyspace.below(generation.number, prefix),
        count_only: true,
      }))
      keys += Number(response.count)
    }
    if (keys > COMMIT_LIMITS.prefixKeys) {
      throw limitExceeded('keys by prefix in one commit', COMMIT_LIMITS.prefixKeys, keys)
    }
  }
}

/** Tidying can wait until etcd answers again. */
async function allowRefusal(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (hasCode(error, 'unavailable') || hasCode(error, 'engine_full')) return
    throw error
  }
}

function drawIncarnation(random: Random): string {
  return Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 32).toString(36)).join('-')
}
