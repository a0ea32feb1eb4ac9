/**
 * What waits to be committed, in its order and within bounds, and how much of it makes one group.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock } from '@rollcall/runtime'
import type { Group } from './group.ts'

/** Most that waits. */
const QUEUE = { jobs: 20_000, bytes: 256 * 1_024 * 1_024 }
/** Most of one group. */
const GROUP = { jobs: 1_000, bytes: 4 * 1_024 * 1_024, writes: 8_000, ms: 15 }

export interface Job {
  readonly bytes: number
  /** Below which it will look at every key. */
  readonly prefixes: readonly string[]
  readonly decide: (group: Group) => unknown
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/** What became of a job; told once the group is kept. */
export interface Decided {
  readonly job: Job
  readonly tell: () => void
}

export class JobQueue {
  #jobs: Job[] = []
  #bytes = 0

  get length(): number {
    return this.#jobs.length
  }

  /** Whether so many bytes more would be too much. */
  isFullFor(bytes: number): boolean {
    return this.#jobs.length >= QUEUE.jobs || this.#bytes + bytes > QUEUE.bytes
  }

  add(job: Job): void {
    this.#jobs.push(job)
    this.#bytes += job.bytes
  }

  rejectAll(error: RegistryError): void {
    const jobs = this.#jobs
    this.#jobs = []
    this.#bytes = 0
    for (const job of jobs) job.reject(error)
  }

  /** The prefixes of those who may be in the next group. */
  get prefixes(): readonly string[] {
    return this.#jobs.slice(0, GROUP.jobs).flatMap(({ prefixes }) => prefixes)
  }

  /** Takes as many as make one group, at least one, and decides them into it. */
  decideInto(group: Group, io: Pick<Clock, 'monotonicMs'>): Decided[] {
    const startMs = io.monotonicMs()
    const decided: Decided[] = []
    let bytes = 0
    for (const job of this.#jobs) {
      const isFull =
        decided.length >= GROUP.jobs ||
        bytes + job.bytes > GROUP.bytes ||
        group.writes >= GROUP.writes ||
        io.monotonicMs() - startMs >= GROUP.ms
      if (isFull && decided.length > 0) break
      bytes += job.bytes
      decided.push(decideOne(job, group))
    }
    this.#jobs = this.#jobs.slice(decided.length)
    this.#bytes -= bytes
    return decided
  }
}

export function tooBusy(): RegistryError {
  const message = 'Too many commits wait for the disk; send less, or try again later.'
  return new RegistryError('unavailable', message, { details: { reason: 'queue_full' } })
}

function decideOne(job: Job, group: Group): Decided {
  const { writes } = group
  try {
    const answer = job.decide(group)
    return {
      job,
      tell: () => {
        job.resolve(answer)
      },
    }
  } catch (error) {
    // Half of a job must not be written: the whole group is given up.
    if (group.writes !== writes) group.spoilt ??= { error }
    return {
      job,
      tell: () => {
        job.reject(error)
      },
    }
  }
}
