/**
 * How the catalog follows which machines are there (`machines.…`): file and environment only.
 *
 * @module
 */

import { LIMITS } from '@rollcall/protocol'
import { Type } from 'typebox'
import { limit, type OptionNotes } from './field-notes.ts'

const MINUTE_MS = 60_000
/** A century: what nobody configures by mistake, and still counts in milliseconds. */
const LONG_MS = 3_155_760_000_000

export const MachinesSchema = Type.Object(
  {
    presence: Type.Boolean({
      default: true,
      ...notes({
        description:
          'Keeps the `status` of `machine` resources: `online` while the instance `infra.machine` of that name is there, `dead` after it was gone for long. `offline` is the word of an operator and stays.',
        changing: 'When false, the status of machines is what somebody writes, and nothing else.',
      }),
    }),
    register: Type.Boolean({
      default: true,
      ...notes({
        description:
          'Puts a machine that is there, and in no namespace, into every leaf whose `match` finds its hostname, else into `pool`.',
        changing: 'When false, machines are in the namespaces into which somebody puts them.',
      }),
    }),
    deadAfterMs: limit(
      10 * MINUTE_MS,
      {
        description:
          'A machine that was absent for so long is `dead`. Absent is one whose ttl has passed; time in which the node could not have heard of it does not count.',
        unit: 'milliseconds',
        raising: 'A machine that is gone is shown as `online` for longer.',
        lowering: 'Machines that only restart are shown as `dead`, and each turn is a commit.',
      },
      { maximum: LONG_MS },
    ),
    removeAfterMs: limit(
      0,
      {
        description:
          'A machine that was `dead` for so long is removed from every namespace; 0: never.',
        unit: 'milliseconds',
        raising: 'Machines that will not come back stay in the lists for longer.',
        lowering:
          'A machine that was off for long has to be put into its namespaces again by hand, unless their `match` finds it.',
      },
      { minimum: 0, maximum: LONG_MS },
    ),
    reportTtlMs: limit(
      30 * MINUTE_MS,
      {
        description:
          'For how long a machine is there after a report of a lodastack agent, which comes every ten minutes. When a node starts, it waits as long before the absence of a machine that it has not heard of begins.',
        unit: 'milliseconds',
        raising: 'A machine that is gone is seen to be so later.',
        lowering:
          'A report that is lost makes a machine absent; below ten minutes every machine is, again and again.',
      },
      { minimum: LIMITS.ttlMinMs, maximum: LIMITS.ttlMaxMs },
    ),
  },
  { additionalProperties: false },
)

/** Holds literal notes to their type. */
function notes(about: OptionNotes): OptionNotes {
  return about
}
