/**
 * All that is judged of what clients saw.
 *
 * @module
 */

import type { Fault } from '../faults/fault.ts'
import type { Call } from '../model/call.ts'
import type { RegisterOperation } from '../model/register.ts'
import type { ListOperation } from '../model/transaction.ts'
import type { Recorder } from '../traffic/recorder.ts'
import { judgeAppends } from './append-lists.ts'
import { judgeHalves } from './halves.ts'
import { judgeLeases } from './lease-terms.ts'
import { checkRegister } from './registers.ts'
import { judgeRevisions } from './revisions.ts'
import { judgeViewReads } from './view-reads.ts'
import { judgeWatches, ON_LEASES } from './watch-promises.ts'

/** What one check found; nothing is wrong where there are no problems. */
export interface Finding {
  readonly check: string
  /** How much it had to judge. */
  readonly judged: string
  readonly problems: readonly string[]
}

const TOLD_CALLS = 12

export function judge(recorder: Recorder, faults: readonly Fault[]): readonly Finding[] {
  const { registers, lists, halves, writes, reads, viewReads, watched } = recorder
  return [
    {
      check: 'each key is linearizable',
      judged: `${sizeOf(registers)} calls on ${registers.size} keys`,
      problems: [...registers].flatMap(([key, calls]) => judgeRegister(key, calls)),
    },
    {
      check: 'transactions are strict-serializable',
      judged: `${sizeOf(lists)} transactions on ${lists.size} groups of lists`,
      problems: [...lists.values()].flatMap((calls) => judgeAppends(calls, lastOf(calls))),
    },
    {
      check: 'transactions are whole',
      judged: `${sizeOf(halves)} calls on ${halves.size} sets`,
      problems: [...halves.values()].flatMap(judgeHalves),
    },
    {
      check: 'revisions keep the order of time',
      judged: `${writes.length} writes, ${reads.length} reads`,
      problems: judgeRevisions(writes, reads),
    },
    {
      check: 'views show what was so, and never go back',
      judged: `${viewReads.length} reads`,
      problems: judgeViewReads(viewReads, writes),
    },
    {
      check: 'watches keep their promises',
      judged: `${watched.flatMap(({ lives }) => lives).length} lives of ${watched.length} watchers`,
      problems: judgeWatches(watched, writes),
    },
    leaseFinding(recorder, faults),
    {
      check: 'every answer is one of the contract',
      judged: 'all answers',
      problems: recorder.surprises,
    },
  ]
}

function leaseFinding({ leases, watched }: Recorder, faults: readonly Fault[]): Finding {
  const changes = watched
    .filter(({ prefixes }) => prefixes.includes(ON_LEASES))
    .flatMap(({ lives }) => lives.flatMap((life) => life.changes))
    .filter(({ step }) => [...step.keys()].some((key) => key.startsWith(ON_LEASES)))
  const { problems, excused } = judgeLeases(leases, changes, faults)
  const judged = `${leases.length} leases, ${excused} ended early by the stated exception`
  return { check: 'leases live for their ttl', judged, problems }
}

function sizeOf(calls: ReadonlyMap<string, readonly unknown[]>): number {
  return [...calls.values()].reduce((sum, { length }) => sum + length, 0)
}

function judgeRegister(key: string, calls: readonly Call<RegisterOperation>[]): readonly string[] {
  const found = checkRegister(calls)
  if (found.kind === 'linearizable') return []
  if (found.kind === 'undecided') return [`${key} could not be judged in ${found.steps} steps`]
  const told = found.order.slice(-TOLD_CALLS).map(shown)
  return [`${key}: after\n  ${told.join('\n  ')}\nnothing explains\n  ${shown(found.stuckAt)}`]
}

/** The last transaction read all lists, when nobody wrote any more. */
function lastOf(calls: readonly Call<ListOperation>[]): ReadonlyMap<string, readonly string[]> {
  const last = calls.at(-1)?.operation
  if (last?.kind !== 'read') throw new Error('the last look at a group reads its lists')
  return last.found
}

function shown({ client, operation, invokedMs, returnedMs }: Call<RegisterOperation>): string {
  const when = `${invokedMs.toFixed(1)}–${returnedMs.toFixed(1)} ms`
  return `${when} ${client}: ${JSON.stringify(operation)}`
}
