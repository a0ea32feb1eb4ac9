/**
 * The messages of `proto/etcd.proto` as they are handed over and come back: 64-bit numbers go as
 * text or number and come as text, bytes are buffers.
 *
 * @module
 */

/** A 64-bit number on its way to etcd. */
export type Int64 = number | string

export interface Header {
  readonly revision: string
  /** Each leader has one of its own. */
  readonly raft_term: string
}

export interface EtcdKeyValue {
  readonly key: Buffer
  readonly value: Buffer
  readonly create_revision: string
  readonly mod_revision: string
  readonly lease: string
}

/** One key, or all from `key` up to `range_end`. */
export interface KeySpan {
  readonly key: Buffer
  readonly range_end?: Buffer
}

export interface RangeRequest extends KeySpan {
  readonly limit?: number
  readonly revision?: number
  readonly keys_only?: boolean
  readonly count_only?: boolean
  readonly min_mod_revision?: number
}

export interface RangeResponse {
  readonly header: Header | null
  readonly kvs: readonly EtcdKeyValue[]
  readonly more: boolean
  readonly count: string
}

export type RequestOp =
  | { readonly request_range: RangeRequest }
  | {
      readonly request_put: {
        readonly key: Buffer
        readonly value: Uint8Array
        readonly lease?: Int64
      }
    }
  | { readonly request_delete_range: KeySpan }
  | { readonly request_txn: TxnRequest }

/** Exactly one is there. */
export interface ResponseOp {
  readonly response_range?: RangeResponse
  readonly response_put?: object
  readonly response_delete_range?: { readonly deleted: string }
  readonly response_txn?: TxnResponse
}

export const RESULT = { equal: 0, greater: 1, less: 2 } as const
export const TARGET = { create: 1, mod: 2, value: 3, lease: 4 } as const

export type CompareRequest = KeySpan & {
  readonly result: (typeof RESULT)[keyof typeof RESULT]
} & (
    | { readonly target: typeof TARGET.create; readonly create_revision: number }
    | { readonly target: typeof TARGET.mod; readonly mod_revision: number }
    | { readonly target: typeof TARGET.value; readonly value: Uint8Array }
    | { readonly target: typeof TARGET.lease; readonly lease: Int64 }
  )

export interface TxnRequest {
  readonly compare: readonly CompareRequest[]
  readonly success: readonly RequestOp[]
  readonly failure?: readonly RequestOp[]
}

export interface TxnResponse {
  readonly header: Header | null
  readonly succeeded: boolean
  readonly responses: readonly ResponseOp[]
}

export const EVENT = { put: 0, delete: 1 } as const

export interface WatchRequest {
  readonly create_request: KeySpan & { readonly start_revision: number }
}

export interface WatchResponse {
  readonly header: Header | null
  readonly created: boolean
  readonly canceled: boolean
  readonly compact_revision: string
  readonly cancel_reason: string
  readonly events: readonly { readonly type: number; readonly kv: EtcdKeyValue }[]
}

export interface LeaseId {
  readonly ID: Int64
}

export interface LeaseTtl {
  readonly ID: string
  /** Seconds; 0 or less: there is no such lease. */
  readonly TTL: string
}

/** The header is of before it was renewed. */
export interface LeaseRenewed extends LeaseTtl {
  readonly header: Header | null
}

export interface LeaseState extends LeaseTtl {
  readonly grantedTTL: string
  readonly keys: readonly Buffer[]
}

export interface EtcdMember {
  readonly ID: string
  /** Empty: it was added and never started. */
  readonly name: string
  readonly clientURLs: readonly string[]
  readonly isLearner: boolean
}

export interface MemberStatus {
  readonly version: string
  readonly dbSize: string
  /** The id of the leader; "0": it knows none. */
  readonly leader: string
  readonly raftTerm: string
  readonly errors: readonly string[]
}
