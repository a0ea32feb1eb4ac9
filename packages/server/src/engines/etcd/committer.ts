/**
 * Commits on their way to etcd: what waits goes together in one transaction, and one is on its
 * way at a time. See `DESIGN.md` for why an answer that was lost is found again.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import { Backoff, type Clock, type Logger, type Random } from '@rollcall/runtime'
import type { EngineReports } from '../../catalog/engine/engine-reports.ts'
import { Gathering } from '../../catalog/engine/gathering.ts'
import { leaseNotFound } from '../../catalog/engine/lease-terms.ts'
import type { Commit, CommitResult } from '../../catalog/engine.ts'
import { batchRequest, type BatchRequest } from './batch-request.ts'
import { commitRequest, leasesOf } from './commit-request.ts'
import { cutBatch, type BatchPart } from './cut-batch.ts'
import type { EtcdClient } from './etcd-client.ts'
import {
  asRefusal,
  engineFull,
  EtcdFailure,
  outcomeUnknown,
  shuttingDown,
  unavailable,
} from './etcd-failure.ts'
import { footprintOf, type Footprint } from './footprint.ts'
import { decodeGeneration, generationChanged } from './generation.ts'
import type { EtcdKeyValue, ResponseOp, TxnResponse } from './messages.ts'
import { METHODS } from './methods.ts'
import { contentGone, looked, type Session } from './session.ts'
import { done, Settling, type Job } from './settling.ts'

/** Most that waits. */
const QUEUE = { jobs: 20_000, bytes: 256 * 1_024 * 1_024 }
/** How long a batch is sent again and again until its outcome is called unknown. */
const CERTAIN_WITHIN_MS = 10_000
const RESEND = { firstMs: 50, maxMs: 1_000 }
const NOTHING: Footprint = {
  reads: { keys: new Set(), prefixes: [] },
  writes: { keys: new Set(), prefixes: [] },
}

export interface CommitterOptions {
  readonly client: EtcdClient
  readonly session: Session
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly reports: EngineReports
}

/** What the engine itself writes, in the batches of the others. */
export interface OwnRequest extends BatchPart {
  readonly bytes: number
  /** Two of the same do not go together. */
  readonly serial: string
}

export class Committer {
  readonly #options: CommitterOptions
  readonly #closing = new AbortController()
  #queue: Job[] = []
  #bytes = 0
  readonly #gathering: Gathering
  readonly #settling: Settling
  #running: Promise<void> | undefined

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#settling = new Settling(options)
    this.#gathering = new Gathering(options.clock, () => this.#queue.length)
  }

  /** Sends what `checkCommit` let pass, and counted the bytes of. Rejects as the port says. */
  async commit(commit: Commit, bytes: number): Promise<CommitResult> {
    const { session } = this.#options
    this.checkOpen()
    await session.ensure()
    const { requests, width, asksWatch, decode } = commitRequest(session.place, commit)
    const footprint = footprintOf(commit)
    return await this.#submit({
      requests,
      width,
      bytes,
      footprint,
      asksWatch,
      decode,
      commit,
      serial: commit.serial,
    })
  }

  async own(own: OwnRequest): Promise<CommitResult> {
    this.checkOpen()
    await this.#options.session.ensure()
    const decode = (_: readonly ResponseOp[], revision: number) => done(revision)
    const fixed = { footprint: NOTHING, asksWatch: false, decode, commit: undefined }
    return await this.#submit({ ...own, ...fixed })
  }

  checkOpen(): void {
    if (this.#closing.signal.aborted) throw shuttingDown()
  }

  /** What is on its way is answered, if only as unknown; what waits is refused. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#rejectQueue(shuttingDown())
    await this.#running
    await this.#settling.settled()
  }

  #submit(job: Omit<Job, 'resolve' | 'reject' | 'generation'>): Promise<CommitResult> {
    this.checkOpen()
    if (this.#queue.length >= QUEUE.jobs || this.#bytes + job.bytes > QUEUE.bytes) throw tooBusy()
    const generation = this.#options.session.generation.number
    return new Promise((resolve, reject) => {
      // What is spread comes last: put in front, V8 gives each job a shape of its own, and all that
      // reads jobs is slow.
      this.#queue.push({ generation, resolve, reject, ...job })
      this.#bytes += job.bytes
      this.#gathering.came()
      this.#pump()
    })
  }

  #pump(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#queue.length > 0) this.#pump()
    })
  }

  async #run(): Promise<void> {
    const { session, clock } = this.#options
    while (this.#queue.length > 0) {
      await this.#gathering.gather()
      try {
        await session.ensure()
      } catch (error) {
        this.#rejectQueue(error)
        return
      }
      const { taken, left } = cutBatch(this.#queue)
      this.#queue = left
      for (const { bytes } of taken) this.#bytes -= bytes
      const startedMs = clock.monotonicMs()
      await session.useLane(() => this.#sendCurrent(taken))
      this.#gathering.ended(taken.length, clock.monotonicMs() - startedMs)
    }
  }

  async #sendCurrent(jobs: readonly Job[]): Promise<void> {
    const { session } = this.#options
    try {
      // The batch before, or the other half of this one, may have left the lane in doubt.
      await session.ensure()
      const { number } = session.generation
      const current = jobs.filter((job) => job.generation === number)
      for (const job of jobs) if (job.generation !== number) job.reject(generationChanged())
      if (session.isLaneOld) await this.#sendDeletes(current)
      else if (current.length > 0) await this.#send(current)
    } catch (error) {
      // A bug of ours, or what whoever asked has to be told.
      for (const job of jobs) job.reject(asRefusal(error))
    }
  }

  async #send(jobs: readonly Job[]): Promise<void> {
    const { client, session, clock, random, reports } = this.#options
    const batch = batchRequest(session, jobs)
    const backoff = new Backoff({ ...RESEND, random })
    const giveUpMs = clock.monotonicMs() + CERTAIN_WITHIN_MS
    let mayBeDone = false
    for (;;) {
      try {
        const response = await client.call(METHODS.txn, batch.request)
        reports.grouped(jobs.length)
        await this.#answered(jobs, { batch, mayBeDone }, response)
        return
      } catch (error) {
        if (!(error instanceof EtcdFailure)) throw error
        const isLost = error.kind === 'no_answer'
        if (!isLost && error.kind !== 'busy') {
          await this.#refused(jobs, { batch, mayBeDone }, error)
          return
        }
        mayBeDone ||= isLost
        const isTime = clock.monotonicMs() < giveUpMs
        if (isTime && (await clock.sleep(backoff.nextMs(), this.#closing.signal))) continue
        session.doubtLane()
        throw mayBeDone ? outcomeUnknown() : error
      }
    }
  }

  async #answered(jobs: readonly Job[], sent: Sent, response: TxnResponse): Promise<void> {
    const { session } = this.#options
    const { batch } = sent
    if (response.succeeded) {
      const etcdRevision = Number(response.header?.revision)
      if (batch.putsLane) session.laneIsAt(etcdRevision)
      const { place } = batch
      this.#settling.answered(jobs, batch.answers(response), { place, etcdRevision })
      return
    }
    const { generation, lane } = looked(response)
    if (lane && lane.value.toString() === batch.id) {
      session.laneIsAt(Number(lane.mod_revision))
      await this.#rejudge(jobs, batch)
      return
    }
    if (Number(lane?.mod_revision ?? 0) !== session.laneRevision) throw this.#laneMoved(lane, sent)
    if (!generation) throw contentGone()
    session.adopt(decodeGeneration(generation))
    throw generationChanged()
  }

  async #rejudge(jobs: readonly Job[], { place }: BatchRequest): Promise<void> {
    const { session, log } = this.#options
    log.info({ commits: jobs.length }, 'a batch was done though its answer was lost')
    await this.#settling.rejudge(jobs, { place, etcdRevision: session.laneRevision })
  }

  /** Somebody put the lane since, and it was not this batch that did. */
  #laneMoved(lane: EtcdKeyValue | undefined, { mayBeDone }: Sent): RegistryError {
    const { session } = this.#options
    if (session.isOurs(lane)) {
      session.doubtLane()
      return unavailable('An earlier commit came late; try again.', 'late_commit')
    }
    const taken = session.laneIsTaken()
    // It may have been done just before.
    return mayBeDone ? outcomeUnknown() : taken
  }

  async #refused(jobs: readonly Job[], sent: Sent, failure: EtcdFailure): Promise<void> {
    const { batch } = sent
    if (await this.#wasDone(sent, failure)) return await this.#rejudge(jobs, batch)
    if (failure.kind === 'full') return await this.#sendDeletes(jobs)
    const isOfOne = failure.kind === 'too_large' || failure.kind === 'lease_missing'
    if (!isOfOne) throw failure
    if (jobs.length > 1) {
      const middle = jobs.length >>> 1
      await this.#sendCurrent(jobs.slice(0, middle))
      await this.#sendCurrent(jobs.slice(middle))
      return
    }
    throw failure.kind === 'lease_missing' ? await this.#missingLease(jobs[0]) : failure
  }

  /**
   * Whether a batch whose last copy was refused had been done, by that copy or an earlier one. If
   * not, none of those still on their way will be: what was refused must stay so.
   */
  async #wasDone({ batch, mayBeDone }: Sent, { kind }: EtcdFailure): Promise<boolean> {
    if (!mayBeDone && kind !== 'full') return false
    const { session } = this.#options
    try {
      if (await session.hasDone(batch.id)) return true
      return mayBeDone && (await session.closeBatch(batch.id)) !== undefined
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      session.doubtLane()
      throw outcomeUnknown()
    }
  }

  /** Deletes make room, so they go on without what takes some. */
  async #sendDeletes(jobs: readonly Job[]): Promise<void> {
    const deletes = jobs.filter(({ commit }) => commit && !putsAnything(commit))
    for (const job of jobs) if (!deletes.includes(job)) job.reject(engineFull())
    if (deletes.length === 0) return
    const { client, session } = this.#options
    const batch = batchRequest(session, deletes, { putsLane: false })
    try {
      const response = await client.call(METHODS.txn, batch.request)
      await this.#answered(deletes, { batch, mayBeDone: false }, response)
    } catch (error) {
      const isLost = error instanceof EtcdFailure && error.kind === 'no_answer'
      for (const job of deletes) job.reject(isLost ? outcomeUnknown() : asRefusal(error))
    }
  }

  async #missingLease(job: Job | undefined): Promise<unknown> {
    const { client, session } = this.#options
    const { keyspace, generation } = session.place
    const leases = leasesOf([...(job?.commit?.then ?? []), ...(job?.commit?.otherwise ?? [])])
    for (const id of leases) {
      const key = keyspace.lease(generation.number, id)
      const { kvs } = await client.read(METHODS.range, { key })
      if (kvs.length === 0) return leaseNotFound(id)
    }
    return unavailable('A lease ended before it was written down; try again.', 'lease_ended')
  }

  #rejectQueue(error: unknown): void {
    const jobs = this.#queue
    this.#queue = []
    this.#bytes = 0
    for (const job of jobs) job.reject(error)
  }
}

interface Sent {
  readonly batch: BatchRequest
  /** A copy of it got no answer: it may have been done, or may still be on its way. */
  readonly mayBeDone: boolean
}

function putsAnything({ then, otherwise = [] }: Commit): boolean {
  return [...then, ...otherwise].some(({ kind }) => kind === 'put')
}

function tooBusy(): RegistryError {
  return unavailable('Too many commits wait for etcd; send less, or try again later.', 'queue_full')
}
