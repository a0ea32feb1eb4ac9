/**
 * The port to what keeps the catalog: exactly as strong as etcd v3, and no wider than is used.
 * `engines/memory`, `engines/lmdb` and `engines/etcd` implement it; one suite of tests
 * (`testing/engine-contract.ts`) holds them all to what is said here.
 *
 * Keys are text of well-formed Unicode, ordered by their UTF-8 bytes (`compareKeys`). Revisions
 * are *logical*: they only grow, also through a restore and a move to another engine. They need
 * not follow upon each other: where others use what an engine is built on, theirs lie between.
 *
 * Every promise here rejects with a `RegistryError`: `limit_exceeded`, `invalid_argument`,
 * `lease_not_found` (a put names one that is gone), `unavailable` (nothing was done; later it may
 * work), `engine_full` (nothing was done; space is needed), `generation_changed` (nothing was
 * done; the content was replaced meanwhile), `outcome_unknown` (it may have happened),
 * `shutting_down`. Anything else is a bug.
 *
 * @module
 */

import type { Actor } from '@rollcall/runtime'

/** What is stored under one key, as of its last put. */
export interface KeyValue {
  readonly key: string
  readonly value: Uint8Array
  /** The revision that began this life of the key. */
  readonly createRevision: number
  /** The revision of its last put. */
  readonly modRevision: number
  /** The lease it ends with; 0: none. */
  readonly lease: number
}

/** What must be true for `then` to be done. A key that is not there has the revisions 0. */
export type Compare =
  | { readonly kind: 'exists'; readonly key: string; readonly exists: boolean }
  | {
      readonly kind: 'revision'
      readonly key: string
      readonly of: 'create' | 'mod'
      readonly is: '=' | '<' | '>'
      readonly revision: number
    }
  /** False for a key that is not there. */
  | { readonly kind: 'value'; readonly key: string; readonly value: Uint8Array }
  /** The lease of a key that is there; 0: it has none. */
  | { readonly kind: 'lease'; readonly key: string; readonly lease: number }
  | { readonly kind: 'empty'; readonly prefix: string }
  /**
   * No key below the prefix that is there now was put after `revision`. Deletes are not seen:
   * whoever needs them seen puts a key beside them in the same commit.
   */
  | { readonly kind: 'unchanged_since'; readonly prefix: string; readonly revision: number }

/** Operations of one branch are done in order; a `get` sees what the ones before it wrote. */
export type Operation =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: Uint8Array
      /** Absent: the key has none from now on. */
      readonly lease?: number
    }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'delete_prefix'; readonly prefix: string }
  | { readonly kind: 'get'; readonly key: string }

/**
 * One atomic step. No branch may name a key in two writes, nor put below a prefix that it deletes.
 * Values are handed over: nobody changes their bytes afterwards.
 */
export interface Commit {
  readonly compares: readonly Compare[]
  /** Done when every compare holds. */
  readonly then: readonly Operation[]
  /** Done when one does not. */
  readonly otherwise?: readonly Operation[]
  /** Commits that name the same never share a revision, even where they touch different keys. */
  readonly serial?: string
}

/** What became of each operation of the branch that was done, in its order. */
export type OperationResult =
  | { readonly kind: 'put' }
  | { readonly kind: 'deleted'; readonly count: number }
  | { readonly kind: 'got'; readonly entry: KeyValue | undefined }

export interface CommitResult {
  /** Of this commit if it changed something; else the one at which it was judged. */
  readonly revision: number
  /** Whether `then` was done. */
  readonly succeeded: boolean
  readonly results: readonly OperationResult[]
}

export {
  COMMIT_LIMITS,
  LARGE_ENTRY_BYTES,
  LEASE_KEYS_LIMIT,
  RANGE_BYTES,
  RANGE_LIMIT,
} from './engine/limits.ts'

export interface RangeQuery {
  readonly prefix: string
  /** Starts after this key. */
  readonly after?: string
  /** 1 to `RANGE_LIMIT`, else `invalid_argument`. A page of large values ends at `RANGE_BYTES`. */
  readonly limit: number
}

export interface Range {
  readonly entries: readonly KeyValue[]
  /** Whether more follow. */
  readonly more: boolean
  /** At which all of it was true at once; at least that of every commit answered before the call. */
  readonly revision: number
}

export type Change =
  | { readonly kind: 'put'; readonly entry: KeyValue }
  | { readonly kind: 'delete'; readonly key: string }

/**
 * All that one revision changed; a key at most once. One without changes says that its revision
 * was reached, and that nothing changed up to it since the one before.
 */
export interface Batch {
  readonly revision: number
  readonly changes: readonly Change[]
}

export interface Lease {
  readonly id: number
  /** What was granted: whole seconds, at least 2,000 ms, never less than what was asked for. */
  readonly ttlMs: number
}

export interface LeaseState extends Lease {
  /** Until it ends, unless it is kept alive. */
  readonly remainingMs: number
}

/**
 * A lease ends a ttl after the last renewal that the engine processed, never before, and takes
 * its keys along in one revision. After a restart of what keeps them every lease has its full ttl
 * again, from when that runs: none ends before that.
 */
export interface Leases {
  /**
   * Up to ten days. An id is drawn where none is given: from 1 to 2^53 - 1. Rejects with
   * `already_exists`.
   */
  grant(request: { readonly ttlMs: number; readonly id?: number }): Promise<Lease>
  /** Renews all that are there; answers, in the order of the ids, undefined for those that are not. */
  keepAlive(ids: readonly number[]): Promise<readonly (Lease | undefined)[]>
  /**
   * Ends a lease and its keys. Answers the revision; rejects with `lease_not_found`, or with
   * `outcome_unknown` as a commit does.
   */
  revoke(id: number): Promise<{ readonly revision: number }>
  timeToLive(id: number): Promise<LeaseState | undefined>
}

/** The whole content at one revision. */
export interface Snapshot extends AsyncDisposable {
  readonly revision: number
  /** Of the content: every restore begins another, with a greater number. */
  readonly generation: number
  readonly leases: readonly Lease[]
  /** In the order of the keys, in pages that are small enough not to hold up the event loop. */
  pages(): AsyncIterable<readonly KeyValue[]>
}

/** How much a restore will bring. */
export interface ContentSize {
  readonly entries: number
  /** Of keys and values. */
  readonly bytes: number
  /** Entries above `LARGE_ENTRY_BYTES`: they may take more room than their bytes. */
  readonly large: number
}

/** What became of the content that a restore replaced. */
export interface Replaced {
  /** Of the new content. */
  readonly revision: number
  readonly generation: number
  /**
   * How many revisions came after the restore began; they are gone with the rest. At least so
   * many: not every engine knows of what was replaced or deleted since.
   */
  readonly lostRevisions: number
}

/**
 * What `restore` takes: a snapshot of any engine, or a backup that was read. Keys come in their
 * order, each once, and hang on leases that are listed; else `invalid_argument`.
 */
export interface Restorable {
  /** The greatest logical revision of the source. */
  readonly revision: number
  readonly leases: readonly Lease[]
  pages(): AsyncIterable<readonly Pick<KeyValue, 'key' | 'value' | 'lease'>[]>
}

export interface EngineMember {
  /** The engine's own name of it. */
  readonly id: string
  /** What its operator calls it; empty: it has never been started. */
  readonly name: string
  readonly hasVote: boolean
}

/** Who keeps the content, where that is a cluster of its own. */
export interface EngineCluster {
  readonly version: string
  /** All that belong to it, whether they run or not; empty: it was not reached yet. */
  readonly members: readonly EngineMember[]
  /** The engine's own name of the member that leads; undefined: none does, as far as is known. */
  readonly leader: string | undefined
  readonly term: number
}

export interface EngineStatus {
  readonly name: 'memory' | 'lmdb' | 'etcd'
  /** Why writes are refused at present; undefined when all is well. */
  readonly broken: string | undefined
  /** Bytes on disk, as far as known. */
  readonly sizeBytes: number
  /** Bytes that it may grow to; undefined: what the disk holds. */
  readonly quotaBytes: number | undefined
  /** Of the content that counts. */
  readonly generation: number
  /** Whether content that does not count any more, or never did, is still to be taken away. */
  readonly isCleaning: boolean
  /** Absent: it is kept on one machine, by the node itself. */
  readonly cluster?: EngineCluster
}

/** Runs as an actor: expiry of leases, compaction, looking after what is broken. */
export interface Engine extends Actor {
  readonly leases: Leases
  /** Does a commit as if alone: in one order with all others, and kept once it is answered. */
  commit(commit: Commit): Promise<CommitResult>
  /** Linearizable. */
  range(query: RangeQuery): Promise<Range>
  /** The newest revision, linearizable. */
  revision(): Promise<number>
  snapshot(): Promise<Snapshot>
  /** Rejects with `engine_full` where a restore of so much would not fit beside what is there. */
  checkRoom(size: ContentSize): Promise<void>
  /**
   * Replaces the whole content, at once and wholly or not at all: nobody sees a half of it. The
   * revision afterwards is greater than any before, here or in the source. So is that of every
   * key, which is at most the revision afterwards. Every lease has its full ttl from then on.
   * Watches end with `generation_changed`. One at a time: a second one rejects with `unavailable`.
   */
  restore(source: Restorable, signal: AbortSignal): Promise<Replaced>
  /**
   * Every change from `fromRevision` on: in order, each revision once and whole, none left out.
   * Several revisions come together where they are there; nothing comes while nothing changes,
   * so a bookmark is `revision()`. Ends when `signal` aborts. Throws
   * `compacted` when the engine no longer has what lies between, `generation_changed` when the
   * content was replaced, and `unavailable` when it is cut off: watch again from where it ended.
   */
  watch(fromRevision: number, signal: AbortSignal): AsyncIterable<readonly Batch[]>
  status(): EngineStatus
  /** Called whenever `status().broken` changes. Answers how to call that off. */
  onStatus(listener: () => void): () => void
}
