/**
 * Commits on their way to etcd: what waits goes together in one transaction, and one is on its
 * way at a time. See `DESIGN.md` for why an answer that was lost is found again.
 *
 * @module
 */

import { hasCode, RegistryError } from '@rollcall/protocol/errors'
import { Backoff, type Clock, type Logger, type Random } from '@rollcall/runtime'
import { checkCommit } from '../../catalog/engine/check-commit.ts'
import type { EngineReports } from '../../catalog/engine/engine-reports.ts'
import { gather } from '../../catalog/engine/gather.ts'
import { leaseNotFound } from '../../catalog/engine/lease-terms.ts'
import type { Commit, CommitResult } from '../../catalog/engine.ts'
import { batchRequest, type BatchRequest } from './batch-request.ts'
import { commitRequest, leasesOf } from './commit-request.ts'
import { cutBatch, type Waiting } from './cut-batch.ts'
import type { EtcdClient } from './etcd-client.ts'
import { asRefusal, EtcdFailure, shuttingDown, unavailable } from './etcd-failure.ts'
import { footprintOf, type Footprint } from './footprint.ts'
import { decodeGeneration, generationChanged, toLogical } from './generation.ts'
import type { ResponseOp, RequestOp, TxnResponse } from './messages.ts'
import { METHODS } from './methods.ts'
import { PastContent } from './rejudge.ts'
import { contentGone, looked, type Session } from './session.ts'

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
export interface OwnRequest {
  readonly request: RequestOp
  readonly width: number
  readonly bytes: number
  /** Two of the same do not go together. */
  readonly serial: string
}

interface Job extends Waiting {
  readonly request: RequestOp
  /** Of the generation that counted when it was asked for. */
  readonly generation: number
  /** Absent: it is the engine's own, and does what it says. */
  readonly commit: Commit | undefined
  readonly decode: (response: ResponseOp, revision: number) => CommitResult
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: unknown) => void
}

export class Committer {
  readonly #options: CommitterOptions
  readonly #closing = new AbortController()
  #queue: Job[] = []
  #bytes = 0
  /** How many commits the last batch had. */
  #lastSize = 0
  #running: Promise<void> | undefined

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  /** Rejects as the port says. */
  async commit(commit: Commit): Promise<CommitResult> {
    const bytes = checkCommit(commit)
    const { session } = this.#options
    this.checkOpen()
    await session.ensure()
    const { request, width, decode } = commitRequest(session.place, commit)
    const footprint = footprintOf(commit)
    return await this.#submit({
      request,
      width,
      bytes,
      footprint,
      decode,
      commit,
      serial: commit.serial,
    })
  }

  async own(own: OwnRequest): Promise<CommitResult> {
    this.checkOpen()
    await this.#options.session.ensure()
    const decode = (_: ResponseOp, revision: number) => done(revision)
    return await this.#submit({ ...own, footprint: NOTHING, decode, commit: undefined })
  }

  checkOpen(): void {
    if (this.#closing.signal.aborted) throw shuttingDown()
  }

  /** What is on its way is answered, if only as unknown; what waits is refused. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#rejectQueue(shuttingDown())
    await this.#running
  }

  #submit(job: Omit<Job, 'resolve' | 'reject' | 'generation'>): Promise<CommitResult> {
    this.checkOpen()
    if (this.#queue.length >= QUEUE.jobs || this.#bytes + job.bytes > QUEUE.bytes) throw tooBusy()
    const generation = this.#options.session.generation.number
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...job, generation, resolve, reject })
      this.#bytes += job.bytes
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
      await gather(clock, () => this.#queue.length, this.#lastSize)
      try {
        await session.ensure()
      } catch (error) {
        this.#rejectQueue(error)
        return
      }
      const { taken, left } = cutBatch(this.#queue)
      this.#queue = left
      this.#lastSize = taken.length
      for (const { bytes } of taken) this.#bytes -= bytes
      await session.useLane(() => this.#sendCurrent(taken))
    }
  }

  async #sendCurrent(jobs: readonly Job[]): Promise<void> {
    const { number } = this.#options.session.generation
    const current = jobs.filter((job) => job.generation === number)
    for (const job of jobs) if (job.generation !== number) job.reject(generationChanged())
    try {
      if (current.length > 0) await this.#send(current)
    } catch (error) {
      // A bug of ours, or what whoever asked has to be told.
      for (const job of current) job.reject(asRefusal(error))
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
        await this.#answered(jobs, batch, response)
        return
      } catch (error) {
        if (!(error instanceof EtcdFailure)) throw error
        const isLost = error.kind === 'no_answer'
        if (!isLost && error.kind !== 'busy') {
          await this.#refused(jobs, { batch, failure: error, mayBeDone })
          return
        }
        mayBeDone ||= isLost
        const isTime = clock.monotonicMs() < giveUpMs
        if (isTime && (await clock.sleep(backoff.nextMs(), this.#closing.signal))) continue
        session.doubtLane()
        throw mayBeDone ? unknownOutcome() : error
      }
    }
  }

  async #answered(jobs: readonly Job[], batch: BatchRequest, response: TxnResponse): Promise<void> {
    const { session } = this.#options
    if (response.succeeded) {
      const etcdRevision = Number(response.header?.revision)
      session.laneIsAt(etcdRevision)
      const revision = toLogical(session.generation, etcdRevision)
      const answers = batch.answers(response)
      for (const [at, job] of jobs.entries()) {
        settle(job, () => job.decode(answers[at] ?? {}, revision))
      }
      return
    }
    const { generation, lane } = looked(response)
    if (lane && lane.value.toString() === batch.id) {
      await this.#rejudge(jobs, Number(lane.mod_revision))
      return
    }
    if (Number(lane?.mod_revision ?? 0) !== session.laneRevision) throw session.laneIsTaken()
    if (!generation) throw contentGone()
    session.adopt(decodeGeneration(generation))
    throw generationChanged()
  }

  /** It was done at a revision of etcd, but what each commit did was not heard. */
  async #rejudge(jobs: readonly Job[], etcdRevision: number): Promise<void> {
    const { client, session, log } = this.#options
    session.laneIsAt(etcdRevision)
    log.info({ commits: jobs.length }, 'a batch was done though its answer was lost')
    const commits = jobs.flatMap(({ commit }) => commit ?? [])
    const { place } = session
    const past = await PastContent.before(etcdRevision, commits, { client, place }).catch(
      (error: unknown) => {
        if (!(error instanceof RegistryError)) throw error
        throw unknownOutcome()
      },
    )
    for (const job of jobs) {
      const { commit } = job
      settle(job, () =>
        commit ? judged(past, commit) : done(toLogical(place.generation, etcdRevision)),
      )
    }
  }

  async #refused(jobs: readonly Job[], { batch, failure, mayBeDone }: Refused): Promise<void> {
    if (mayBeDone) {
      const lane = await this.#lane()
      if (lane?.value.toString() === batch.id) {
        await this.#rejudge(jobs, Number(lane.mod_revision))
        return
      }
    }
    if (failure.kind === 'full' && batch.putsLane) return await this.#sendDeletes(jobs, failure)
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

  async #lane() {
    const { client, session } = this.#options
    const { kvs } = await client.read(METHODS.range, { key: session.laneKey })
    return kvs[0]
  }

  /** Deletes make room, so they go on without what takes some. */
  async #sendDeletes(jobs: readonly Job[], full: EtcdFailure): Promise<void> {
    const deletes = jobs.filter(({ commit }) => commit && !putsAnything(commit))
    for (const job of jobs) if (!deletes.includes(job)) job.reject(full.refusal())
    if (deletes.length === 0) return
    const { client, session } = this.#options
    const batch = batchRequest(session, deletes, { putsLane: false })
    try {
      const response = await client.call(METHODS.txn, batch.request)
      const { laneRevision } = session
      await this.#answered(deletes, batch, response)
      session.laneIsAt(laneRevision)
    } catch (error) {
      const isLost = error instanceof EtcdFailure && error.kind === 'no_answer'
      for (const job of deletes) job.reject(isLost ? unknownOutcome() : asRefusal(error))
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

interface Refused {
  readonly batch: BatchRequest
  readonly failure: EtcdFailure
  readonly mayBeDone: boolean
}

function settle(job: Job, answer: () => CommitResult): void {
  try {
    job.resolve(answer())
  } catch (error) {
    job.reject(error)
  }
}

/** It was done, so only that it was refused in its place may be told beside what it did. */
function judged(past: PastContent, commit: Commit): CommitResult {
  try {
    return past.judge(commit)
  } catch (error) {
    throw hasCode(error, 'lease_not_found') ? error : unknownOutcome()
  }
}

function done(revision: number): CommitResult {
  return { revision, succeeded: true, results: [] }
}

function putsAnything({ then, otherwise = [] }: Commit): boolean {
  return [...then, ...otherwise].some(({ kind }) => kind === 'put')
}

function tooBusy(): RegistryError {
  return unavailable('Too many commits wait for etcd; send less, or try again later.', 'queue_full')
}

function unknownOutcome(): RegistryError {
  const message =
    'etcd did not answer, so it is not known whether this was done; look before you try again.'
  return new RegistryError('outcome_unknown', message)
}
