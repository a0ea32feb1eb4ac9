/**
 * Changes of rows as parts of a commit.
 *
 * @module
 */

import { limitExceeded } from '@rollcall/protocol/errors'
import type { Compare, Operation } from '../engine.ts'
import { listVersionKey, rowKey, type ListFamily } from '../key-schema.ts'
import { RESOURCE_LIMITS } from '../limits.ts'
import { isThere } from '../namespaces/namespace-write.ts'
import { encodeResource } from './resource-record.ts'
import type { DraftRow, RowChange } from './row-draft.ts'

const CHANGED = new Uint8Array()

export interface RowCommit {
  /** The namespaces in which something is put are there still. */
  readonly places: readonly Compare[]
  /** Each row is as it was seen; who holds the type need not compare them. */
  readonly seen: readonly Compare[]
  readonly operations: readonly Operation[]
}

/** Throws `limit_exceeded` for more rows than one write may change. */
export function planRows(family: ListFamily, changes: readonly RowChange[]): RowCommit {
  const { rows } = RESOURCE_LIMITS
  const written = changes.filter(({ isSame }) => !isSame).length
  if (written > rows) throw limitExceeded('resources in one write', rows, written)
  const seen: Compare[] = []
  const operations: Operation[] = []
  const grown = new Set<string>()
  const shrunk = new Set<string>()
  for (const { before, after, isSame } of changes) {
    const row = (after ?? before) as DraftRow
    const key = rowKey(family, row.nsId, row)
    seen.push(
      before
        ? { kind: 'revision', key, of: 'mod', is: '=', revision: before.revision }
        : { kind: 'exists', key, exists: false },
    )
    if (isSame) continue
    if (after) {
      operations.push({ kind: 'put', key, value: encodeResource(after) })
      grown.add(row.nsId)
    } else {
      operations.push({ kind: 'delete', key })
      shrunk.add(listVersionKey(family, row.nsId, row.type))
    }
  }
  for (const key of shrunk) operations.push({ kind: 'put', key, value: CHANGED })
  return { places: Array.from(grown).flatMap((id) => isThere({ id })), seen, operations }
}
