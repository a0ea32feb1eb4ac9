/**
 * The native API, under `/registry/v1`. A handler reads the request, makes one call on a plane
 * and presents the answer; rules live in the planes.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'
import type { Clock, Logger } from '@rollcall/runtime'
import type { FastifyPluginAsync } from 'fastify'
import type { Catalog } from '../../catalog/index.ts'
import type { InstancePlane } from '../../instances/index.ts'
import type { Metrics } from '../../telemetry/index.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Readiness } from '../readiness.ts'
import type { ServiceBodies } from '../service-bodies.ts'
import type { Waiters } from '../waiters.ts'
import { mustAccept } from './accepts.ts'
import { catalogRoutes } from './catalog-routes.ts'
import { clusterRoutes } from './cluster-routes.ts'
import { explainRoutes } from './explain-routes.ts'
import { heartbeatRoutes } from './heartbeat-routes.ts'
import { instanceRoutes } from './instance-routes.ts'
import { LongPolls } from './long-polls.ts'
import { PollWaits } from './poll-waits.ts'
import { protectionRoutes } from './protection-routes.ts'
import { serviceRoutes } from './service-routes.ts'

export interface NativeOptions {
  readonly node: string
  readonly version: string
  readonly instances: InstancePlane
  /** Without it there are no routes about the cluster. */
  readonly cluster?: ClusterView | undefined
  /** Without it there are no routes about keys and leases. */
  readonly catalog?: Catalog | undefined
  readonly bodies: ServiceBodies
  readonly readiness: Readiness
  readonly waiters: Waiters
  readonly metrics: Pick<Metrics, 'longPolls'>
  readonly clock: Clock
  readonly log: Logger
  readonly limits: {
    readonly heartbeatsBodyMaxBytes: number
    readonly catalogBodyMaxBytes: number
    readonly restoreBodyMaxBytes: number
    readonly waitMaxMs: number
    readonly pageMax: number
  }
}

export const nativeRoutes: FastifyPluginAsync<NativeOptions> = async (app, options) => {
  const { instances, bodies, catalog, clock, cluster, readiness, waiters } = options
  const waits = new PollWaits({ clock, waiters })
  const polls = new LongPolls({ instances, bodies, waits })
  options.metrics.longPolls.collect(() => waits.count)

  await app.register(
    async (api) => {
      api.addHook('onRequest', (request, _reply, done) => {
        mustAccept(request)
        done()
      })
      if (cluster) await api.register(clusterRoutes, { ...options, cluster })
      await api.register(async (ready) => {
        ready.addHook('onRequest', (_request, _reply, done) => {
          readiness.check()
          done()
        })
        await ready.register(instanceRoutes, options)
        await ready.register(heartbeatRoutes, options)
        await ready.register(serviceRoutes, { ...options, polls })
        await ready.register(protectionRoutes, options)
        await ready.register(explainRoutes, options)
        if (catalog) await ready.register(catalogRoutes, { ...options, catalog, waits })
      })
    },
    { prefix: API_BASE },
  )
}
