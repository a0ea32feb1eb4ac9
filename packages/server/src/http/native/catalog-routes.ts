/**
 * The routes of the catalog, and what is the same in all their answers.
 *
 * @module
 */

import { HEADERS } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { backupRoutes, type BackupRoutesOptions } from './backup-routes.ts'
import type { PollWaits } from './poll-waits.ts'
import { KvPolls } from './kv-polls.ts'
import { kvRoutes, type KvRoutesOptions } from './kv-routes.ts'
import { leaseRoutes } from './lease-routes.ts'
import { namespaceRoutes } from './namespace-routes.ts'
import { resourceBulkRoutes } from './resource-bulk-routes.ts'
import { resourceRoutes } from './resource-routes.ts'
import { searchRoutes } from './search-routes.ts'
import { txnRoutes } from './txn-routes.ts'
import { typeRoutes } from './type-routes.ts'

export interface CatalogRoutesOptions extends Omit<KvRoutesOptions, 'kvPolls'> {
  readonly waits: PollWaits
  readonly limits: KvRoutesOptions['limits'] & BackupRoutesOptions['limits']
  readonly log: BackupRoutesOptions['log']
  readonly clock: Clock
}

export const catalogRoutes: FastifyPluginAsync<CatalogRoutesOptions> = async (app, options) => {
  const { catalog, waits } = options
  app.addHook('onSend', async (_request, reply) => {
    // A refusal tells it too: whoever lost a race reads again from there on.
    if (reply.hasHeader(HEADERS.revision)) return
    void reply.header(HEADERS.revision, catalog.status().viewRevision)
  })
  await app.register(kvRoutes, { ...options, kvPolls: new KvPolls(catalog.kv, waits) })
  await app.register(txnRoutes, options)
  await app.register(leaseRoutes, options)
  await app.register(backupRoutes, options)
  await app.register(namespaceRoutes, options)
  await app.register(typeRoutes, options)
  await app.register(resourceRoutes, options)
  await app.register(resourceBulkRoutes, options)
  await app.register(searchRoutes, options)
}
