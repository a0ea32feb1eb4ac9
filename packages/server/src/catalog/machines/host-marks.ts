/**
 * The keys `h/<hostname>`: put in the commit in which a machine appears in the tree, and compared
 * by each that lets one appear or go. They are what keeps a host from being registered twice by
 * two nodes that hear of it at once, since its rows may be in different namespaces.
 *
 * A write that holds the type leaves them as they are: whoever lets a machine appear compares the
 * hold, too. A mark whose machine has gone in such a write says nothing, and stays.
 *
 * @module
 */

import type { Compare, Operation } from '../engine.ts'
import { hostKey, keyOfPrimary } from '../key-schema.ts'
import { HOSTNAME, MACHINE } from '../resource-types/known-types.ts'
import type { RowChange } from '../resources/row-draft.ts'
import type { HostIndex } from './host-index.ts'

const HEARD_OF = new Uint8Array()

export interface HostMarks {
  readonly compares: readonly Compare[]
  readonly operations: readonly Operation[]
}

/** Nobody has let the machine appear since the view was at that revision. */
export function isUnheardOf(hostname: string, viewRevision: number): Compare {
  const key = hostKey(hostname)
  return { kind: 'revision', key, of: 'mod', is: '<', revision: viewRevision + 1 }
}

/** The machine appears. */
export function markHost(hostname: string): Operation {
  return { kind: 'put', key: hostKey(hostname), value: HEARD_OF }
}

/** What has to be committed along with changes of machines. */
export function markHosts(
  changes: Iterable<RowChange>,
  hosts: HostIndex,
  viewRevision: number,
): HostMarks {
  const appears = new Set<string>()
  const goes = new Map<string, number>()
  for (const { before, after } of changes) {
    const row = before ?? after
    if (row?.type !== MACHINE || (before && after)) continue
    const hostname = row.properties[HOSTNAME] ?? ''
    if (after) appears.add(hostname)
    else goes.set(hostname, (goes.get(hostname) ?? 0) + 1)
  }
  const ends = Array.from(goes).filter(
    ([name, count]) => !appears.has(name) && hosts.rows(keyOfPrimary(name)).length === count,
  )
  return {
    compares: Array.from(new Set([...appears, ...goes.keys()]), (name) =>
      isUnheardOf(name, viewRevision),
    ),
    operations: [
      ...Array.from(appears, markHost),
      ...ends.map(([name]): Operation => ({ kind: 'delete', key: hostKey(name) })),
    ],
  }
}
