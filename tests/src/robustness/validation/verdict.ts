/**
 * All that is judged of what clients saw.
 *
 * @module
 */

import type { Call } from '../model/call.ts'
import { REGISTER, type RegisterOperation } from '../model/register.ts'
import type { ListOperation } from '../model/transaction.ts'
import type { Recorder } from '../traffic/recorder.ts'
import { judgeAppends } from './append-lists.ts'
import { checkLinearizability } from './linearizability.ts'
import { judgeRevisions } from './revisions.ts'

/** What one check found; nothing is wrong where there are no problems. */
export interface Finding {
  readonly check: string
  /** How much it had to judge. */
  readonly judged: string
  readonly problems: readonly string[]
}

const TOLD_CALLS = 12

export function judge(recorder: Recorder): readonly Finding[] {
  const { registers, lists, writes, reads, surprises } = recorder
  const calls = [...registers.values()].flat().length
  const transactions = [...lists.values()].flat().length
  return [
    {
      check: 'each key is linearizable',
      judged: `${calls} calls on ${registers.size} keys`,
      problems: [...registers].flatMap(([key, calls]) => judgeRegister(key, calls)),
    },
    {
      check: 'transactions are strict-serializable',
      judged: `${transactions} transactions on ${lists.size} groups of lists`,
      problems: [...lists.values()].flatMap((calls) => judgeAppends(calls, lastOf(calls))),
    },
    {
      check: 'revisions keep the order of time',
      judged: `${writes.length} writes, ${reads.length} reads`,
      problems: judgeRevisions(writes, reads),
    },
    { check: 'every answer is one of the contract', judged: 'all answers', problems: surprises },
  ]
}

function judgeRegister(key: string, calls: readonly Call<RegisterOperation>[]): readonly string[] {
  const found = checkLinearizability(REGISTER, calls)
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
