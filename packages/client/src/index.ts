/**
 * Rollcall's SDK: register and keep alive, read, watch.
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
 * ```
 *
 * @module
 */

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
export type { Filters, InstanceAt, Where } from './paths.ts'
export { Registrar, type RegistrarOptions } from './registrar.ts'
export type { Registration } from './registration-table.ts'
export type { Txn, TxnAnswer, TxnCompare, TxnOperation, TxnResult } from './txn.ts'
export type { Value } from './values.ts'
export type { WatchEvent, WatchQuery } from './watch.ts'
