/**
 * The one loop that writes: it takes what waits, decides it as a group, has the disk keep it,
 * and answers. Between two groups the file holds exactly what was answered, so that is when
 * others read, and when long work gets its slices.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock } from '@rollcall/runtime'
import type { ChangeFeed } from '../../catalog/engine/change-feed.ts'
import type { EngineReports } from '../../catalog/engine/engine-reports.ts'
import { Gathering } from '../../catalog/engine/gathering.ts'
import type { LeaseBook } from '../../catalog/engine/lease-book.ts'
import { inSlices, turn } from '../../catalog/engine/slices.ts'
import { StoredContent } from './content.ts'
import { Group } from './group.ts'
import type { Health } from './health.ts'
import { JobQueue, tooBusy, type Decided } from './job-queue.ts'
import { readAhead } from './read-ahead.ts'
import type { StoredState } from './state.ts'
import type { Store, StoreWrite } from './store.ts'

/** A disk that has not answered for this long is said to be broken. */
const PATIENCE_MS = 10_000
/** Keys that are read ahead for one group, about; one that is not full of deletes needs no more. */
const READ_AHEAD_KEYS = 10_000
/** A group of more writes is decided, encoded, handed over and told in turns: heartbeats come between. */
const WIDE_GROUP = 500

export interface CommitterOptions {
  readonly store: Store
  readonly book: LeaseBook
  readonly feed: ChangeFeed
  readonly health: Health
  readonly reports: Pick<EngineReports, 'grouped'>
  /** What the disk is waited for by. */
  readonly io: Clock
  readonly state: StoredState
}

export class Committer {
  readonly #options: CommitterOptions
  #state: StoredState
  #content: StoredContent
  readonly #queue = new JobQueue()
  readonly #gathering: Gathering
  readonly #tasks: (() => Promise<void>)[] = []
  readonly #quiet: (() => void)[] = []
  #group: Group | undefined
  #groupEnd: Promise<void> = Promise.resolve()
  #working: Promise<void> | undefined
  #isClosed = false

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#state = options.state
    this.#gathering = new Gathering(options.io, () => this.#queue.length)
    this.#content = new StoredContent(options.store, options.state)
  }

  /** As it was answered. */
  get state(): StoredState {
    return this.#state
  }

  get content(): StoredContent {
    return this.#content
  }

  /**
   * Puts a job in the queue. `decide` is called in its turn and answers what the promise resolves
   * with once the group is on the disk; what it throws refuses this job alone, and then it must
   * have added nothing. Below `prefixes` it may look at every key.
   */
  submit<T>(
    bytes: number,
    decide: (group: Group) => T,
    prefixes: readonly string[] = [],
  ): Promise<T> {
    const refusal = this.#refusal(bytes)
    if (refusal) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      this.#queue.add({
        bytes,
        prefixes,
        decide,
        resolve: resolve as (answer: unknown) => void,
        reject,
      })
      this.#gathering.came()
      this.#work()
    })
  }

  /** Writes something beside commits, in its turn: a slice of long work. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    const refusal = this.#refusal(0)
    if (refusal) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => task().then(resolve, reject))
      this.#work()
    })
  }

  /** Writes for a task; a failure is known to all from then on. */
  async write(writes: readonly StoreWrite[]): Promise<void> {
    try {
      await this.#keep(writes)
    } catch (error) {
      this.#options.health.writeFailed(error)
      throw this.#options.health.refusal() ?? error
    }
    this.#options.health.look()
  }

  /**
   * As `write`, for the state that a restore switches by. Throws `outcome_unknown` when it may
   * count after the next start.
   */
  async writeSurely(writes: readonly StoreWrite[], revision: number): Promise<void> {
    const { store, health } = this.#options
    try {
      await this.write(writes)
    } catch (error) {
      const inFile = store.state()
      if (typeof inFile !== 'object' || inFile.revision < revision) throw error
      health.set(notSynced(error))
      throw outcomeUnknown()
    }
  }

  /** Throws `shutting_down`. */
  checkOpen(): void {
    if (this.#isClosed) throw shuttingDown()
  }

  /** Reads while the file holds what was answered and nothing else. */
  between<T>(read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const act = () => {
        try {
          resolve(read())
        } catch (error) {
          reject(error)
        }
      }
      if (this.#group) this.#quiet.push(act)
      else act()
    })
  }

  /** Resolves when none of these leases is about to end, or to be kept after all. */
  async leasesSettled(ids: readonly number[]): Promise<void> {
    while (ids.some((id) => this.#group?.ended.has(id) === true)) await this.#groupEnd
  }

  /** Takes a state over that a task has written. */
  adopt(state: StoredState): void {
    const isOther = state.generation !== this.#state.generation
    this.#state = state
    if (isOther) this.#content = new StoredContent(this.#options.store, state)
  }

  /**
   * Refuses everything from now on. Answers true when nothing is under way any more, false when
   * the disk does not answer.
   */
  async close(): Promise<boolean> {
    const { health } = this.#options
    const isSilent = () => health.broken?.reason === 'not_responding'
    this.#isClosed = true
    this.#queue.rejectAll(shuttingDown())
    const silence = new Promise<void>((resolve) => {
      const listen = () => {
        if (isSilent()) resolve()
      }
      health.onChange(listen)
      listen()
    })
    await Promise.race([this.#working, silence])
    return !isSilent()
  }

  /** Refuses all that waits, since nothing can be written. */
  rejectWaiting(): void {
    const refusal = this.#options.health.refusal()
    if (refusal) this.#queue.rejectAll(refusal)
  }

  #refusal(bytes: number): RegistryError | undefined {
    if (this.#isClosed) return shuttingDown()
    return this.#queue.isFullFor(bytes) ? tooBusy() : this.#options.health.refusal()
  }

  #work(): void {
    this.#working ??= this.#run()
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 || this.#tasks.length > 0) {
      await this.#gathering.gather()
      if (this.#queue.length > 0) await this.#runGroup()
      for (const read of this.#quiet.splice(0)) read()
      await this.#tasks.shift()?.()
    }
    // In the turn in which nothing was left: what comes next must begin anew.
    this.#working = undefined
  }

  async #runGroup(): Promise<void> {
    const { store, book, reports, io } = this.#options
    const startedMs = io.monotonicMs()
    const group = new Group({ store, content: this.#content, book }, this.#state)
    let ended = () => {}
    this.#groupEnd = new Promise((resolve) => {
      ended = resolve
    })
    this.#group = group
    await this.#readAhead(group)
    const decided = this.#queue.decideInto(group, io)
    try {
      if (group.spoilt) throw group.spoilt.error
      if (!group.isEmpty) {
        await this.#keepGroup(group, decided)
        reports.grouped(decided.length)
      }
      this.#group = undefined
      for (const { tell } of decided) tell()
    } catch (error) {
      this.#group = undefined
      for (const { job } of decided) job.reject(error)
    }
    ended()
    this.#gathering.ended(decided.length, io.monotonicMs() - startedMs)
  }

  async #readAhead(group: Group): Promise<void> {
    let left = READ_AHEAD_KEYS
    for (const prefix of new Set(this.#queue.prefixes)) {
      const heads = await readAhead(this.#content, prefix, this.#options.io)
      if (heads) group.knows(prefix, heads)
      left -= heads?.length ?? 0
      if (left <= 0) return
    }
  }

  async #encode(group: Group): Promise<readonly StoreWrite[]> {
    const { io } = this.#options
    const writes: StoreWrite[] = []
    await this.#turnIfWide(group)
    await inSlices(io, group.encode(), (write) => writes.push(write))
    await this.#turnIfWide(group)
    return writes
  }

  async #turnIfWide({ writes }: Group): Promise<void> {
    if (writes > WIDE_GROUP) await turn(this.#options.io)
  }

  /** Throws what all of the group are to be told when it is not kept, or not surely. */
  async #keepGroup(group: Group, decided: readonly Decided[]): Promise<void> {
    const { store, health } = this.#options
    const writes = await this.#encode(group)
    try {
      await this.#keep(writes, () => {
        for (const { job } of decided) job.reject(outcomeUnknown())
      })
      await this.#turnIfWide(group)
    } catch (error) {
      const inFile = store.state()
      const isVisible = typeof inFile === 'object' && inFile.revision > this.#state.revision
      if (!isVisible) {
        health.writeFailed(error)
        throw health.refusal() ?? error
      }
      health.set(notSynced(error))
      this.#apply(group)
      throw outcomeUnknown()
    }
    this.#apply(group)
    health.look()
    if (health.broken?.reason === 'folder_gone') throw outcomeUnknown()
  }

  /** Says so when the disk does not answer, and goes on waiting. */
  async #keep(writes: readonly StoreWrite[], onSilence = () => {}): Promise<void> {
    const { store, io, health } = this.#options
    let isSilent = false
    const cancel = io.after(PATIENCE_MS, () => {
      isSilent = true
      health.set(notResponding())
      onSilence()
    })
    try {
      await store.write(writes)
    } finally {
      cancel()
      if (isSilent && health.broken?.reason === 'not_responding') health.set(undefined)
    }
  }

  #apply(group: Group): void {
    const { book, feed } = this.#options
    this.#state = group.state
    for (const [lease, by] of group.leaseKeyChanges) this.#content.addLeaseKeys(lease, by)
    for (const id of group.ended) {
      book.remove(id)
      this.#content.forgetLease(id)
    }
    for (const lease of group.granted.values()) book.add(lease)
    feed.publish(group.batches)
  }
}

function notResponding() {
  const message = `The disk has not answered for ${PATIENCE_MS} ms; look at it.`
  return { reason: 'not_responding', message } as const
}

function notSynced(error: unknown) {
  const said = error instanceof Error ? error.message : String(error)
  const message = `The disk may have lost a write (${said}); look at it, then restart the server.`
  return { reason: 'not_synced', message } as const
}

function outcomeUnknown(): RegistryError {
  const message =
    'The disk did not confirm the commit; it may have happened. Read before you repeat it.'
  return new RegistryError('outcome_unknown', message)
}

function shuttingDown(): RegistryError {
  return new RegistryError('shutting_down', 'The catalog is closing; ask another node.')
}
