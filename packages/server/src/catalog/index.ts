/**
 * The catalog plane: what the rest of a node may use of it.
 *
 * @module
 */

export type {
  Catalog,
  CatalogStatus,
  Idempotency,
  KeyedLeaseEntry,
  KeyedLeases,
  Kv,
  KvChanges,
  KvListener,
  KvPage,
  KvPut,
  KvPutAnswer,
  LeaseDetail,
  LeaseKind,
  LeaseSummary,
  LeaseUse,
  NativeLeases,
  ReadPoint,
  ReadQuery,
  Txn,
  TxnAnswer,
  TxnCompare,
  TxnOperation,
  TxnResult,
  WriteOptions,
  Written,
} from './catalog.ts'
export type { KeyValue } from './engine.ts'
