/**
 * `/peer` and `/stats`: what is known of the registry itself.
 *
 * @module
 */

import type { FastifyInstance } from 'fastify'
import type { Catalog } from '../../catalog/index.ts'
import type { ClusterView } from '../cluster-view.ts'
import { sendData } from './answers.ts'

export interface StatusRoutesOptions {
  readonly catalog: Catalog
  readonly cluster: ClusterView | undefined
}

const schema = { hide: true }

/** Adds the routes. */
export function addStatusRoutes(
  api: FastifyInstance,
  { catalog, cluster }: StatusRoutesOptions,
): void {
  api.get('/peer', { schema }, (_request, reply) => {
    const members = (cluster?.members() ?? []).filter(({ state }) => state !== 'removed')
    const peers = members.map(({ address, self }) => [
      address,
      // Every node takes writes: nobody has to look for another.
      { api: address, role: self ? 'Leader' : 'Follower' },
    ])
    return sendData(reply, Object.fromEntries(peers))
  })

  api.get('/stats', { schema }, (_request, reply) => {
    const { state, revision, viewRevision, keys, leases, sizeBytes, quotaBytes } = catalog.status()
    const sizes = { keys, leases, sizeBytes, quotaBytes: quotaBytes ?? null }
    return sendData(reply, { state, revision, viewRevision, ...sizes })
  })
}
