/**
 * What clients saw, on one clock.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import type { Call } from '../model/call.ts'
import type { HalvesOperation } from '../model/halves.ts'
import type { Lease } from '../model/lease.ts'
import type { RegisterOperation } from '../model/register.ts'
import type { Watched } from '../model/told.ts'
import type { ListOperation } from '../model/transaction.ts'
import type { ViewRead } from '../model/view-read.ts'
import type { Read, Step, Write } from '../model/write.ts'
import type { Outcome } from '../../support/catalog-client.ts'

/** What refuses a write while etcd fails or the node starts, and is no surprise then. */
const EXPECTED: ReadonlySet<string> = new Set(['unavailable', 'not_ready'])

export interface Times {
  readonly invokedMs: number
  readonly returnedMs: number
}

export class Recorder {
  readonly registers = new Map<string, Call<RegisterOperation>[]>()
  readonly lists = new Map<string, Call<ListOperation>[]>()
  readonly halves = new Map<string, Call<HalvesOperation>[]>()
  readonly writes: Write[] = []
  readonly reads: Read[] = []
  readonly viewReads: ViewRead[] = []
  readonly leases: Lease[] = []
  readonly watched: Watched[] = []
  /** Answers that nobody should have been given. */
  readonly surprises: string[] = []
  readonly counts: Record<string, number> = {}

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by
  }

  register(key: string, call: Call<RegisterOperation>): void {
    push(this.registers, key, call)
  }

  list(group: string, call: Call<ListOperation>): void {
    push(this.lists, group, call)
  }

  half(set: string, call: Call<HalvesOperation>): void {
    push(this.halves, set, call)
  }

  read(revision: number, times: Times): void {
    this.count('linearizable reads')
    this.reads.push({ revision, ...times })
  }

  /** Notes a write by its outcome. One that was refused has not happened. */
  write(step: Step, outcome: Outcome<unknown>, times: Times): void {
    if (outcome.kind === 'done') {
      this.count('done')
      this.writes.push({ step, ...times, revision: outcome.revision })
    } else if (outcome.kind === 'doubt') {
      this.count('unknown')
      this.writes.push({ step, ...times, returnedMs: Infinity })
    } else this.count('refused')
  }

  /** Notes a refusal that has another reason than that etcd fails. */
  refusal(what: string, outcome: Outcome<unknown>): void {
    if (outcome.kind !== 'refused' || EXPECTED.has(outcome.problem.code)) return
    this.surprises.push(`${what} was refused: ${JSON.stringify(outcome.problem)}`)
  }
}

/** Does something, and answers when it began and ended. */
export async function timed<T>(act: () => Promise<T>): Promise<Times & { readonly answer: T }> {
  const invokedMs = systemClock.monotonicMs()
  const answer = await act()
  return { answer, invokedMs, returnedMs: systemClock.monotonicMs() }
}

function push<T>(into: Map<string, T[]>, key: string, value: T): void {
  const known = into.get(key)
  if (known) known.push(value)
  else into.set(key, [value])
}
