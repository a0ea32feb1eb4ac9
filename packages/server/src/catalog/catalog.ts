/**
 * The catalog as its faces see it. Reads are synchronous and come from this node's view; which
 * state of it may be read is asked for first (`readable`). Writes resolve when the view has
 * applied them, so that who writes here reads it here.
 *
 * @module
 */

import type { EngineCluster, KeyValue } from './engine.ts'
import type { ResourceCatalog } from './resource-catalog.ts'

/** What a write is answered with, beside its own result. */
export interface Written {
  readonly revision: number
  /** True when the view had not applied it after a second; it is committed all the same. */
  readonly isBehind: boolean
}

export interface ReadQuery {
  /** `linearizable`: sees every write that was answered anywhere before the call. */
  readonly consistency?: 'view' | 'linearizable' | undefined
  /** The view has to have reached it; waits 5 s at most. */
  readonly minRevision?: number | undefined
}

/** From what a read is answered. */
export interface ReadPoint {
  readonly revision: number
  /** Since when the view may be behind, in milliseconds; undefined while it follows the engine. */
  readonly staleMs: number | undefined
}

/** Makes a repeated write answer as the first one did, for ten minutes. */
export interface Idempotency {
  /** 1 to 64 characters. */
  readonly key: string
  /** Equal for equal requests: a digest of method, path and body. */
  readonly request: string
}

export interface WriteOptions {
  readonly idempotency?: Idempotency | undefined
}

export interface KvPut extends WriteOptions {
  /** The key's modRevision; 0: it must not be there. Else `revision_conflict`. */
  readonly ifRevision?: number | undefined
  readonly lease?: number | undefined
}

export interface KvPutAnswer extends Written {
  readonly key: string
  readonly modRevision: number
  readonly createRevision: number
  readonly created: boolean
}

/** A key as the view holds it, for those who answer fast. */
export interface HeldValue {
  /** Text in which each character is one byte, or the bytes. */
  readonly value: string | Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  readonly lease: number
}

export interface KvPage {
  readonly entries: readonly KeyValue[]
  readonly more: boolean
}

/** One revision's changes below a prefix. */
export interface KvChanges {
  readonly revision: number
  readonly puts: readonly KeyValue[]
  readonly deletes: readonly string[]
}

export type KvListener = (changes: KvChanges) => void

/** The users' keys: 1 to 512 bytes of UTF-8; values to 1 MiB. Keys here have no family in front. */
export interface Kv {
  get(key: string): KeyValue | undefined
  /** As `get`, with nothing copied. */
  peek(key: string): HeldValue | undefined
  list(query: {
    readonly prefix: string
    readonly after?: string | undefined
    readonly limit: number
  }): KvPage
  /** Rejects with `revision_conflict`, `lease_not_found`, `limit_exceeded`, `invalid_argument`, `idempotency_conflict`. */
  put(key: string, value: Uint8Array, options?: KvPut): Promise<KvPutAnswer>
  /** Rejects with `key_not_found`, `revision_conflict`. */
  delete(
    key: string,
    options?: { readonly ifRevision?: number | undefined } & WriteOptions,
  ): Promise<Written>
  /** Rejects with `limit_exceeded` above 10,000 keys. */
  deletePrefix(
    prefix: string,
    options?: WriteOptions,
  ): Promise<Written & { readonly deleted: number }>
  /** Calls `listener` with every later revision that touches the prefix; read right after. */
  subscribe(prefix: string, listener: KvListener): () => void
  /**
   * What changed below a prefix after `revision`, revision by revision; undefined when that is no
   * longer known, or when `revision` is none of this catalog's.
   */
  changesSince(prefix: string, revision: number): readonly KvChanges[] | undefined
  /** Called when what subscribers have no longer leads to what is: they start over. */
  onRestart(listener: (reason: 'restored' | 'compacted') => void): () => void
}

/** A compare on the users' keys. */
export type TxnCompare =
  | { readonly key: string; readonly exists: boolean }
  | { readonly key: string; readonly modRevision: number; readonly op?: '=' | '<' | '>' }
  | { readonly key: string; readonly createRevision: number; readonly op?: '=' | '<' | '>' }
  | { readonly key: string; readonly value: Uint8Array }
  | { readonly prefix: string; readonly empty: true }
  | { readonly prefix: string; readonly unchangedSince: number }

export type TxnOperation =
  | { readonly put: { readonly key: string; readonly value: Uint8Array; readonly lease?: number } }
  | { readonly delete: { readonly key: string } }
  | { readonly deletePrefix: { readonly prefix: string } }
  | { readonly get: { readonly key: string } }

export type TxnResult =
  | { readonly put: { readonly modRevision: number } }
  | { readonly deleted: number }
  | { readonly get: KeyValue | null }

export interface Txn {
  readonly compares: readonly TxnCompare[]
  readonly then: readonly TxnOperation[]
  readonly otherwise: readonly TxnOperation[]
}

export interface TxnAnswer extends Written {
  readonly succeeded: boolean
  readonly results: readonly TxnResult[]
}

/** `CREATE` until it was used for the first time, then `ALIVE`. */
export type LeaseUse = 'CREATE' | 'ALIVE'
/** Through which protocol it was granted: that says whether its keys end together or each alone. */
export type LeaseKind = 'native' | 'raftd'

/** A lease as lists show it. */
export interface LeaseSummary {
  readonly id: number
  readonly name: string
  readonly kind: LeaseKind
  /** As granted. */
  readonly ttlMs: number
  readonly state: LeaseUse
}

export interface LeaseDetail extends LeaseSummary {
  readonly remainingMs: number
  /** Users' keys (native), or the keys inside it (raftd). */
  readonly keys: readonly string[]
}

/** Leases whose keys end together. */
export interface NativeLeases {
  /** 0 < ttlMs <= 86,400,000, else `invalid_argument`. Names: up to 512 bytes, may be empty. */
  grant(
    request: { readonly ttlMs: number; readonly name?: string | undefined } & WriteOptions,
  ): Promise<LeaseSummary & Written>
  /** By name, then id; leases of both kinds. */
  list(query: {
    readonly namePrefix: string
    readonly after?: { readonly name: string; readonly id: number } | undefined
    readonly limit: number
  }): { readonly leases: readonly LeaseSummary[]; readonly more: boolean }
  /** Rejects with `lease_not_found`. */
  get(id: number): Promise<LeaseDetail>
  /** Up to 10,000. Answers those that were renewed with their granted ttl, and those that are gone. */
  keepAlive(ids: readonly number[]): Promise<{
    readonly renewed: readonly { readonly id: number; readonly ttlMs: number }[]
    readonly missing: readonly number[]
  }>
  /** Rejects with `lease_not_found`. Ends raftd's leases too. */
  revoke(id: number): Promise<Written>
}

/** A key inside a raftd lease. */
export interface KeyedLeaseEntry {
  readonly key: string
  readonly value: Uint8Array
}

/** raftd's leases: each key inside is kept alive by itself, and the lease ends with its last key. */
export interface KeyedLeases {
  grant(request: { readonly ttlMs: number; readonly name: string }): Promise<LeaseSummary & Written>
  /** Sets a key in the lease and gives it a full ttl; no write where the value is the same. Rejects with `lease_not_found`. */
  keepAlive(id: number, entry: KeyedLeaseEntry): Promise<void>
  /** Gives every key of the lease a full ttl. Rejects with `lease_not_found`. */
  refreshAll(id: number): Promise<void>
  revoke(id: number): Promise<void>
  /** Rejects with `lease_not_found`. */
  get(id: number): Promise<
    LeaseSummary & {
      readonly remainingMs: number
      readonly keys: readonly (KeyedLeaseEntry & { readonly remainingMs: number })[]
    }
  >
  /** By lease name, then key; `key` undefined: every key; `match` says how `key` is meant. */
  find(query: {
    readonly namePrefix: string
    readonly key: string | undefined
    readonly match: 'exact' | 'prefix'
  }): readonly (KeyedLeaseEntry & { readonly lease: LeaseSummary })[]
}

export interface CatalogStatus {
  readonly engine: 'memory' | 'lmdb' | 'etcd'
  readonly state: 'ok' | 'stale' | 'unavailable'
  /** Why it is not `ok`. */
  readonly reason: string | undefined
  /** For how long the view may have been behind the engine; undefined while it follows it. */
  readonly staleMs: number | undefined
  /** The newest revision that this node knows of. */
  readonly revision: number
  readonly viewRevision: number
  readonly sizeBytes: number
  readonly quotaBytes: number | undefined
  /** Of an engine of several members; undefined: it is on one machine. */
  readonly cluster: EngineCluster | undefined
  /** How many keys the view holds, and leases. */
  readonly keys: number
  readonly leases: number
}

/** Everything as of one revision, as the bytes of one file. Dispose it, read or not. */
export interface BackupFile extends AsyncDisposable {
  readonly revision: number
  readonly createdMs: number
  /** Small pieces, made as they are asked for. Throws `unavailable` when the engine fails midway. */
  readonly chunks: AsyncIterable<Uint8Array>
}

export interface RestoreOptions {
  /** Everything is checked, and nothing changed. */
  readonly isDryRun?: boolean | undefined
  /** How many bytes will come, where that is known: only to tell the progress. */
  readonly bytes?: number | undefined
}

export interface RestoreAnswer extends Written {
  readonly generation: number
  /** How many keys the file holds; leases are not counted. */
  readonly count: number
  /** Revisions that came after the new content began to be written, and were replaced with the rest. */
  readonly replacedWrites: number
  readonly tookMs: number
}

/**
 * `verifying` while the file arrives and is checked; `cleaning` once the new content counts, while
 * this node reads it and the old is taken away.
 */
export type RestoreState = 'idle' | 'verifying' | 'writing' | 'flipping' | 'cleaning'

export interface RestoreStatus {
  readonly state: RestoreState
  /** Of the content that counts; it grows with every restore. */
  readonly generation: number
  /** Of this state, from 0 to 1; undefined where nobody knows. */
  readonly progress: number | undefined
  /** Why the last one changed nothing; undefined when it did well, and while there was none. */
  readonly error: { readonly code: string; readonly detail: string } | undefined
}

/** Everything into one file, and back. */
export interface Backups {
  /** Rejects with `unavailable`, also when too many are read at a time. */
  open(): Promise<BackupFile>
  /**
   * Puts a backup in place of everything, at once and wholly, or changes nothing. The file lies on
   * the disk meanwhile; once it is there, the restore goes on whoever waits for it. Resolves when this node shows the new content, a minute later at most.
   * Rejects with `restore_in_progress`, `invalid_backup`, `limit_exceeded`, `engine_full`,
   * `unavailable`, `outcome_unknown`, and with what `upload` throws.
   */
  restore(upload: AsyncIterable<Uint8Array>, options?: RestoreOptions): Promise<RestoreAnswer>
  status(): RestoreStatus
}

/** What the faces of a node work with. */
export interface Catalog extends ResourceCatalog {
  readonly backups: Backups
  readonly kv: Kv
  readonly leases: NativeLeases
  readonly keyedLeases: KeyedLeases
  /** Several compares and operations on the users' keys as one step. */
  txn(txn: Txn, options?: WriteOptions): Promise<TxnAnswer>
  /**
   * Resolves when reads of the view are as fresh as asked for. Rejects with `unavailable` when
   * that cannot be had in time, or before the first view is there.
   */
  readable(query: ReadQuery): Promise<ReadPoint>
  /** From what the view can be read at once; undefined before the first is there. */
  readNow(): ReadPoint | undefined
  status(): CatalogStatus
}
