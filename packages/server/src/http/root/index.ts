/**
 * Routes at the root: is the node there, does it answer, what does it count.
 *
 * @module
 */

import { Health, NotReady } from '@rollcall/protocol'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import type { Metrics } from '../../telemetry/index.ts'
import type { Readiness } from '../readiness.ts'

export interface RootRoutesOptions {
  readonly readiness: Readiness
  readonly metrics: Metrics
}

export const rootRoutes: FastifyPluginAsync<RootRoutesOptions> = async (app, options) => {
  const { readiness, metrics } = options

  app.get(
    '/healthz',
    { schema: { summary: 'The process lives', tags: ['node'], response: { 200: Health } } },
    () => ({ status: 'ok' }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        summary: 'The node answers, or why not',
        tags: ['node'],
        response: { 200: Health, 503: NotReady },
      },
    },
    (_request, reply) => {
      const reasons = readiness.reasons()
      if (reasons.length === 0) return { status: 'ok' }
      void reply.code(503).header('retry-after', 1)
      return { status: 'not_ready', reasons }
    },
  )

  app.get(
    '/metrics',
    {
      schema: {
        summary: 'Metrics in the text format of Prometheus',
        tags: ['node'],
        response: { 200: Type.String() },
      },
    },
    async (_request, reply) => {
      void reply.type(metrics.contentType)
      return metrics.text()
    },
  )
}
