/**
 * What whoever asked for a commit is told once its batch is done.
 *
 * @module
 */

import { hasCode, RegistryError } from '@rollcall/protocol/errors'
import type { Commit, CommitResult } from '../../catalog/engine.ts'
import type { CommitRequest } from './commit-request.ts'
import type { BatchPart, Waiting } from './cut-batch.ts'
import type { EtcdClient } from './etcd-client.ts'
import { asRefusal, outcomeUnknown } from './etcd-failure.ts'
import { toLogical, type Place } from './generation.ts'
import type { ResponseOp } from './messages.ts'
import { PastContent } from './rejudge.ts'
import type { Session } from './session.ts'

/** A commit, and who waits for what becomes of it. */
export interface Job extends Waiting, Omit<CommitRequest, keyof BatchPart> {
  /** Of the generation that counted when it was asked for. */
  readonly generation: number
  /** Absent: it is the engine's own, and does what it says. */
  readonly commit: Commit | undefined
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: unknown) => void
}

/** Where a batch was done, and at which revision of etcd. */
export interface DoneAt {
  readonly place: Place
  readonly etcdRevision: number
}

interface Answered {
  readonly job: Job
  readonly responses: readonly ResponseOp[]
}

export class Settling {
  readonly #client: EtcdClient
  readonly #session: Session
  /** Those who wait for a watch. */
  readonly #later = new Set<Promise<void>>()

  constructor({ client, session }: { readonly client: EtcdClient; readonly session: Session }) {
    this.#client = client
    this.#session = session
  }

  /**
   * Tells each what etcd answered. Who asked for what a watch brings is told once it has; the next
   * batch need not wait for that.
   */
  answered(
    jobs: readonly Job[],
    answers: readonly (readonly ResponseOp[])[],
    { place, etcdRevision }: DoneAt,
  ): void {
    const revision = toLogical(place.generation, etcdRevision)
    const later: Answered[] = []
    for (const [at, job] of jobs.entries()) {
      const responses = answers[at] ?? []
      if (job.asksWatch) later.push({ job, responses })
      else settle(job, () => job.decode(responses, revision))
    }
    if (later.length === 0) return
    const settling = this.#whenWatched(later, { place, etcdRevision }).finally(() => {
      this.#later.delete(settling)
    })
    this.#later.add(settling)
  }

  /**
   * Tells each what the batch did whose answer was not heard. Rejects with `outcome_unknown` where
   * etcd does not say, and has told nobody then.
   */
  async rejudge(jobs: readonly Job[], { place, etcdRevision }: DoneAt): Promise<void> {
    const commits = jobs.flatMap(({ commit }) => commit ?? [])
    const access = { client: this.#client, place }
    const past = await PastContent.before(etcdRevision, commits, access).catch((error: unknown) => {
      if (!(error instanceof RegistryError)) throw error
      throw outcomeUnknown()
    })
    for (const job of jobs) {
      const { commit } = job
      settle(job, () =>
        commit ? judged(past, commit) : done(toLogical(place.generation, etcdRevision)),
      )
    }
  }

  /** Resolves when everybody has been told. */
  async settled(): Promise<void> {
    await Promise.all(this.#later)
  }

  async #whenWatched(answered: readonly Answered[], at: DoneAt): Promise<void> {
    const revision = toLogical(at.place.generation, at.etcdRevision)
    const puts = await this.#session.ownChanges.putsOf(revision)
    if (puts) {
      for (const { job, responses } of answered) {
        settle(job, () => job.decode(responses, revision, puts))
      }
      return
    }
    const jobs = answered.map(({ job }) => job)
    try {
      await this.rejudge(jobs, at)
    } catch (error) {
      for (const job of jobs) job.reject(asRefusal(error))
    }
  }
}

/** What the engine itself writes tells only when. */
export function done(revision: number): CommitResult {
  return { revision, succeeded: true, results: [] }
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
    throw hasCode(error, 'lease_not_found') ? error : outcomeUnknown()
  }
}
