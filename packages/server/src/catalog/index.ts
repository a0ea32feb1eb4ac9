/**
 * The catalog plane: what must never be lost or half-done, and what the rest of a node may use of
 * it. `DESIGN.md` says what for and how, `SPEC.md` states the rules and the tests that hold them.
 *
 * @module
 */

export type {
  BackupFile,
  Backups,
  Catalog,
  CatalogStatus,
  HeldValue,
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
  RestoreAnswer,
  RestoreState,
  RestoreStatus,
  Txn,
  TxnAnswer,
  TxnCompare,
  TxnOperation,
  TxnResult,
  WriteOptions,
  Written,
} from './catalog.ts'
export { noCatalogMetrics, type CatalogMetrics } from './catalog-metrics.ts'
export type { CatalogOptions } from './catalog-core.ts'
export type { Candidacy } from './election-table.ts'
export type { CampaignAnswer, CampaignRequest, Elections } from './elections.ts'
export type { Engine, EngineCluster, EngineMember, KeyValue } from './engine.ts'
export { KV_LIMITS, LEASE_LIMITS, NAMESPACE_LIMITS, RESOURCE_LIMITS } from './limits.ts'
export { CatalogPlane } from './plane.ts'
export { keyNotFound, leaseNotFound } from './refusals.ts'
export { HOSTNAME, MACHINE } from './resource-types/known-types.ts'
export type {
  Ending,
  Machines,
  Namespace,
  NamespaceChange,
  NamespaceChanges,
  NamespaceKind,
  NamespacePatch,
  NamespaceTree,
  NamespaceWritten,
  Namespaces,
  NewNamespace,
  NewResource,
  Properties,
  Resource,
  ResourceCatalog,
  ResourceOperation,
  ResourcePlace,
  ResourceType,
  ResourceTypes,
  ResourceWritten,
  Resources,
  Search,
  SearchHit,
  SearchMode,
  SearchPage,
  SearchQuery,
  Transfer,
} from './resource-catalog.ts'
