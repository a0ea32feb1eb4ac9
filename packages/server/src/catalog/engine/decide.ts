/**
 * What a commit does, decided before anything is written: its compares judged, its branch done
 * in thought. Whatever can be refused is refused here, so that writing has nothing left to fail
 * by but the disk.
 *
 * @module
 */

import { limitExceeded } from '@rollcall/protocol/errors'
import type { Change, Commit, Compare, KeyValue, Operation, OperationResult } from '../engine.ts'
import { leaseNotFound } from './lease-terms.ts'
import { COMMIT_LIMITS, LEASE_KEYS_LIMIT } from './limits.ts'

/** A key without its value. */
export type KeyHead = Omit<KeyValue, 'value'>

/** What a commit is judged by: all that was committed before it. */
export interface Content {
  readonly revision: number
  get(key: string): KeyValue | undefined
  /** As `get`, for less where a value costs something to read. */
  head(key: string): KeyHead | undefined
  /** In the order of the keys; only as much is read as is taken. */
  below(prefix: string): Iterable<KeyHead>
  hasLease(id: number): boolean
  /** How many keys hang on a lease. */
  leaseKeys(id: number): number
}

/** One key as it was and as it becomes. */
export interface Write {
  readonly before: KeyHead | undefined
  readonly change: Change
}

export interface Decision {
  readonly succeeded: boolean
  readonly results: readonly OperationResult[]
  /** Empty: nothing changes, and the commit has no revision of its own. Each key once. */
  readonly writes: readonly Write[]
}

/**
 * Decides a commit whose shape was checked (`checkCommit`). Throws `lease_not_found` and
 * `limit_exceeded`; then it does nothing.
 */
export function decide(commit: Commit, content: Content): Decision {
  const scanned = { keys: 0 }
  const succeeded = commit.compares.every((compare) => holds(compare, content, scanned))
  const branch = new Branch(content, scanned)
  for (const operation of succeeded ? commit.then : (commit.otherwise ?? [])) {
    branch.do(operation)
  }
  branch.checkLeases()
  return { succeeded, results: branch.results, writes: [...branch.writes.values()] }
}

/** What the end of a lease does: all its keys go in one revision. */
export function endOfLease(keys: Iterable<KeyHead>): Write[] {
  return Array.from(keys, (before) => ({ before, change: { kind: 'delete', key: before.key } }))
}

interface Scanned {
  keys: number
}

function holds(compare: Compare, content: Content, scanned: Scanned): boolean {
  if (compare.kind === 'empty') return isEmpty(content.below(compare.prefix))
  if (compare.kind === 'unchanged_since') {
    for (const head of content.below(compare.prefix)) {
      count(scanned)
      if (head.modRevision > compare.revision) return false
    }
    return true
  }
  if (compare.kind === 'value') {
    const entry = content.get(compare.key)
    return entry !== undefined && Buffer.compare(entry.value, compare.value) === 0
  }
  return holdsForHead(compare, content.head(compare.key))
}

type HeadCompare = Exclude<Extract<Compare, { readonly key: string }>, { readonly kind: 'value' }>

function holdsForHead(compare: HeadCompare, entry: KeyHead | undefined): boolean {
  if (compare.kind === 'exists') return (entry !== undefined) === compare.exists
  if (compare.kind === 'lease') return entry?.lease === compare.lease
  const actual = (compare.of === 'create' ? entry?.createRevision : entry?.modRevision) ?? 0
  if (compare.is === '=') return actual === compare.revision
  return compare.is === '<' ? actual < compare.revision : actual > compare.revision
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false
  return true
}

/** Its keys are looked at in one stretch, while heartbeats wait. */
function count(scanned: Scanned): void {
  scanned.keys += 1
  if (scanned.keys > COMMIT_LIMITS.prefixKeys) {
    throw limitExceeded('keys by prefix in one commit', COMMIT_LIMITS.prefixKeys, scanned.keys)
  }
}

/** One branch, done over the content without touching it. */
class Branch {
  readonly results: OperationResult[] = []
  readonly writes = new Map<string, Write>()
  readonly #content: Content
  readonly #scanned: Scanned

  constructor(content: Content, scanned: Scanned) {
    this.#content = content
    this.#scanned = scanned
  }

  do(operation: Operation): void {
    switch (operation.kind) {
      case 'put':
        this.#put(operation)
        this.results.push({ kind: 'put' })
        return
      case 'delete': {
        const before = this.#content.head(operation.key)
        const isThere = before !== undefined && !this.writes.has(operation.key)
        if (isThere) this.#delete(before)
        this.results.push({ kind: 'deleted', count: isThere ? 1 : 0 })
        return
      }
      case 'delete_prefix':
        this.results.push({ kind: 'deleted', count: this.#deleteBelow(operation.prefix) })
        return
      case 'get':
        this.results.push({ kind: 'got', entry: this.#get(operation.key) })
    }
  }

  /** Throws when a put names a lease that is gone, or one that has as many keys as it may. */
  checkLeases(): void {
    const added = new Map<number, number>()
    const count = (lease: number, by: number) => added.set(lease, (added.get(lease) ?? 0) + by)
    for (const { before, change } of this.writes.values()) {
      const after = change.kind === 'put' ? change.entry.lease : 0
      if (after !== 0 && !this.#content.hasLease(after)) throw leaseNotFound(after)
      if (before && before.lease !== 0) count(before.lease, -1)
      if (after !== 0) count(after, 1)
    }
    for (const [lease, by] of added) {
      if (by <= 0) continue
      const keys = this.#content.leaseKeys(lease) + by
      if (keys > LEASE_KEYS_LIMIT) throw limitExceeded('keys on one lease', LEASE_KEYS_LIMIT, keys)
    }
  }

  #put({ key, value, lease = 0 }: Extract<Operation, { kind: 'put' }>): void {
    const revision = this.#content.revision + 1
    const before = this.#content.head(key)
    const createRevision = before?.createRevision ?? revision
    const entry = { key, value, createRevision, modRevision: revision, lease }
    this.writes.set(key, { before, change: { kind: 'put', entry } })
  }

  #delete(before: KeyHead): void {
    this.writes.set(before.key, { before, change: { kind: 'delete', key: before.key } })
  }

  /** What an operation before this one deleted is there no more; puts below are refused by shape. */
  #deleteBelow(prefix: string): number {
    let deleted = 0
    for (const head of this.#content.below(prefix)) {
      count(this.#scanned)
      if (this.writes.has(head.key)) continue
      this.#delete(head)
      deleted += 1
    }
    return deleted
  }

  #get(key: string): KeyValue | undefined {
    const write = this.writes.get(key)
    if (!write) return this.#content.get(key)
    return write.change.kind === 'put' ? write.change.entry : undefined
  }
}
