/**
 * Rollcall's SDK: register and keep alive, read, watch; keys, transactions and leases;
 * namespaces and resources.
 *
 * ```ts
 * await using client = new RollcallClient({ servers: ['http://127.0.0.1:7070'] })
 * const registrar = new Registrar({ client })
 * await using _ = start(registrar) // `start` of @rollcall/runtime; cancels when it is disposed
 * registrar.put({ service: 'orders', id: 'a:8080', body: { addresses: ['http://a:8080'] } })
 * await registrar.settled()
 *
 * for await (const event of client.watch({ services: ['orders'], signal })) {
 *   if (event.kind === 'snapshot') console.log(event.data.instances)
 * }
 *
 * const { modRevision } = await client.kv.put('config/limit', '10', { ifRevision: 0 })
 * await client.kv.put('config/limit', '20', { ifRevision: modRevision })
 *
 * const keeper = await LeaseKeeper.grant({ ttlMs: 15_000 }, { client })
 * await using __ = start(keeper) // revokes the lease when it is disposed
 * await client.kv.put('leader', 'me', { ifRevision: 0, lease: keeper.id })
 * keeper.lost.addEventListener('abort', stopWhatOnlyOneMayDo)
 *
 * await client.namespaces.create('', { name: 'shop', kind: 'leaf' })
 * await client.resources.add({ type: 'machine', ns: 'shop' }, { properties: { hostname: 'db-1' } })
 * const { hits } = await client.search({ value: 'db-', mode: 'prefix' })
 * ```
 *
 * @module
 */

export type { Deleted } from './absence.ts'
export type { BackupDownload, Backups, RestoreFile, RestoreOptions } from './backups.ts'
export type { ReadOptions, WriteOptions } from './catalog-calls.ts'
export { RollcallClient, type ClientOptions, type ServiceQuery } from './client.ts'
export type {
  Kv,
  KvDeleteOptions,
  KvEntry,
  KvListQuery,
  KvPage,
  KvPutOptions,
  ListedKey,
} from './kv.ts'
export type { KvPutEvent, KvWatchEvent, KvWatchQuery } from './kv-watch.ts'
export { LeaseKeeper, type LeaseKeeperOptions } from './lease-keeper.ts'
export type { KeepAliveOptions, LeaseListQuery, Leases } from './leases.ts'
export type { NamespaceReadOptions, Namespaces } from './namespaces.ts'
export type { NamespaceChange, NamespaceWatchEvent, NamespaceWatchQuery } from './ns-watch.ts'
export type { Filters, InstanceAt, Where } from './paths.ts'
export { Registrar, type RegistrarOptions } from './registrar.ts'
export type { Registration } from './registration-table.ts'
export type { ResourceTypes } from './resource-types.ts'
export type {
  IfRevision,
  PropertiesPatch,
  ResourceAt,
  ResourceListQuery,
  ResourcePlace,
  Resources,
} from './resources.ts'
export type { SearchQuery } from './search.ts'
export type { Txn, TxnAnswer, TxnCompare, TxnOperation, TxnResult } from './txn.ts'
export type { Value } from './values.ts'
export type { WatchEvent, WatchQuery } from './watch.ts'
export type { WholeBackup } from './whole-backup.ts'
