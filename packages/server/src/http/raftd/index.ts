/**
 * The protocol of raftd: keys under `/key`, leases under `/lease`, `/join`.
 * `docs/reference/raftd.md` says what differs and why.
 *
 *      request ─┬─▶ key-routes ─────────────────────▶ the catalog's keys
 *               ├─▶ fields ─┬─▶ lease-routes ───────▶ leases whose keys end one by one
 *               │           └─▶ lease-reads ─▶ values
 *               └─▶ join-route
 *
 * @module
 */

import type { Clock, Logger } from '@rollcall/runtime'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import type { Catalog } from '../../catalog/index.ts'
import { answerFailures, type Failed } from '../answer-failures.ts'
import { INTERNAL, RETRY_AFTER_S } from '../problem.ts'
import type { Readiness } from '../readiness.ts'
import { refusalOf } from './codes.ts'
import { takeForms } from '../form-fields.ts'
import { addJoinRoute } from './join-route.ts'
import { addKeyRoutes } from './key-routes.ts'
import { addLeaseReads } from './lease-reads.ts'
import { addLeaseRoutes, sendJson } from './lease-routes.ts'

export interface RaftdOptions {
  readonly catalog: Catalog
  readonly readiness: Readiness
  readonly limits: { readonly catalogBodyMaxBytes: number }
  readonly clock: Clock
  readonly log: Logger
}

export const raftdRoutes: FastifyPluginAsync<RaftdOptions> = async (app, options) => {
  const { catalog, limits } = options
  answerFailures(app, { ...options, answer: fail })
  await app.register(async (keys) => {
    keys.removeAllContentTypeParsers()
    addKeyRoutes(keys, { catalog, ...limits })
  })
  await app.register(async (leases) => {
    takeForms(leases)
    addLeaseRoutes(leases, catalog)
    addLeaseReads(leases, catalog)
  })
  await app.register(async (join) => {
    addJoinRoute(join, options)
  })
}

function fail(reply: FastifyReply, { failure = INTERNAL }: Failed): FastifyReply {
  const { status, body } = refusalOf(failure)
  const retryAfterS = RETRY_AFTER_S[failure.code]
  if (retryAfterS !== undefined) void reply.header('retry-after', retryAfterS)
  void reply.code(status)
  return body === undefined ? reply.send() : sendJson(reply, body)
}
