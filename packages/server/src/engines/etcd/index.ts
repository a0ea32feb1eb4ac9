/**
 * The engine of a cluster. See `DESIGN.md`.
 *
 * @module
 */

export { openEtcdEngine, type EtcdEngine, type EtcdEngineOptions } from './engine.ts'
export type { EtcdAccess } from './etcd-client.ts'
