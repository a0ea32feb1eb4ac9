/**
 * The native API of the instance plane, under `/registry/v1`. A handler reads the request,
 * makes one call on the plane and presents the answer; rules live in the plane.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { FastifyPluginAsync } from 'fastify'
import type { InstancePlane } from '../../instances/index.ts'
import type { Metrics } from '../../telemetry/index.ts'
import type { ClusterView } from '../cluster-view.ts'
import { refusal } from '../problem.ts'
import type { Readiness } from '../readiness.ts'
import type { ServiceBodies } from '../service-bodies.ts'
import type { Waiters } from '../waiters.ts'
import { clusterRoutes } from './cluster-routes.ts'
import { explainRoutes } from './explain-routes.ts'
import { heartbeatRoutes } from './heartbeat-routes.ts'
import { instanceRoutes } from './instance-routes.ts'
import { LongPolls } from './long-polls.ts'
import { protectionRoutes } from './protection-routes.ts'
import { serviceRoutes } from './service-routes.ts'

export interface NativeOptions {
  readonly node: string
  readonly version: string
  readonly instances: InstancePlane
  /** Without it there are no routes about the cluster. */
  readonly cluster?: ClusterView | undefined
  readonly bodies: ServiceBodies
  readonly readiness: Readiness
  readonly waiters: Waiters
  readonly metrics: Pick<Metrics, 'longPolls'>
  readonly clock: Clock
  readonly limits: {
    readonly heartbeatsBodyMaxBytes: number
    readonly waitMaxMs: number
    readonly pageMax: number
  }
}

export const nativeRoutes: FastifyPluginAsync<NativeOptions> = async (app, options) => {
  const { instances, bodies, clock, cluster, readiness, waiters } = options
  const polls = new LongPolls({ instances, bodies, clock, waiters })
  options.metrics.longPolls.collect(() => polls.count)

  await app.register(
    async (api) => {
      api.addHook('onRequest', (request, _reply, done) => {
        if (request.accepts().type(['application/json']) === false) {
          throw refusal('not_acceptable', 'Answers are application/json; accept that.')
        }
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
      })
    },
    { prefix: API_BASE },
  )
}
