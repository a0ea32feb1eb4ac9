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
import type { RowChange } from './row-draft.ts'

const CHANGED = new Uint8Array()

export interface RowCommit {
  /** The namespaces in which something is put are there still. */
  readonly places: readonly Compare[]
  /** Each row is as it was seen; who holds the type need not compare them. */
  readonly seen: readonly Compare[]
  readonly operations: readonly Operation[]
}

/** Grows change by change, so that a long one is made in slices. */
export class RowPlan implements RowCommit {
  readonly #family: ListFamily
  readonly #seen: Compare[] = []
  readonly #writes: Operation[] = []
  readonly #grown = new Set<string>()
  readonly #shrunk = new Set<string>()
  #written = 0

  constructor(family: ListFamily) {
    this.#family = family
  }

  /** Throws `limit_exceeded` for more rows than one write may change. */
  add({ at, before, after, isSame }: RowChange): void {
    const key = rowKey(this.#family, at.nsId, at)
    this.#seen.push(
      before
        ? { kind: 'revision', key, of: 'mod', is: '=', revision: before.revision }
        : { kind: 'exists', key, exists: false },
    )
    if (isSame) return
    const { rows } = RESOURCE_LIMITS
    this.#written += 1
    if (this.#written > rows) throw limitExceeded('resources in one write', rows, this.#written)
    if (after) {
      this.#writes.push({ kind: 'put', key, value: encodeResource(after) })
      this.#grown.add(at.nsId)
    } else {
      this.#writes.push({ kind: 'delete', key })
      this.#shrunk.add(listVersionKey(this.#family, at.nsId, at.type))
    }
  }

  get places(): readonly Compare[] {
    return Array.from(this.#grown).flatMap((id) => isThere({ id }))
  }

  get seen(): readonly Compare[] {
    return this.#seen
  }

  get operations(): readonly Operation[] {
    const put = (key: string): Operation => ({ kind: 'put', key, value: CHANGED })
    return [...this.#writes, ...Array.from(this.#shrunk, put)]
  }
}

/** All changes in one step. Throws `limit_exceeded` for more rows than one write may change. */
export function planRows(family: ListFamily, changes: Iterable<RowChange>): RowCommit {
  const plan = new RowPlan(family)
  for (const change of changes) plan.add(change)
  return plan
}
