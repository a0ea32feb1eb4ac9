/**
 * The HTTP server of a node: what all its faces share. Each face is a folder beside this file.
 *
 * @module
 */

import accepts from '@fastify/accepts'
import { HEADERS } from '@rollcall/protocol'
import type { Clock, Logger } from '@rollcall/runtime'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Catalog } from '../catalog/index.ts'
import type { InstancePlane } from '../instances/index.ts'
import type { Authorize } from '../security/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { articleRoutes } from './article/index.ts'
import { bilibiliRoutes, type TrafficPlans } from './bilibili/index.ts'
import { parseJsonBodies } from './body-parsers.ts'
import type { ClusterView } from './cluster-view.ts'
import { describeApi } from './describe-api.ts'
import { expectedFailure } from './foreign-errors.ts'
import { FastPath } from './fast-path.ts'
import { gzipAnswers } from './gzip.ts'
import { createHttpServer } from './http-server.ts'
import { lodastackRoutes } from './lodastack/index.ts'
import { refuseOtherMethods } from './methods.ts'
import { nativeRoutes } from './native/index.ts'
import type { PeerAcceptor } from './peers/index.ts'
import { CHALLENGE, INTERNAL, PROBLEM_TYPE, problemOf, refusal, RETRY_AFTER_S } from './problem.ts'
import { raftdRoutes } from './raftd/index.ts'
import type { Readiness } from './readiness.ts'
import { rootRoutes } from './root/index.ts'
import { ServiceBodies } from './service-bodies.ts'
import { validateStrictly } from './validation.ts'
import type { Waiters } from './waiters.ts'
import { watchRoutes } from './watch/index.ts'

export interface HttpLimits {
  readonly bodyMaxBytes: number
  readonly heartbeatsBodyMaxBytes: number
  readonly catalogBodyMaxBytes: number
  readonly restoreBodyMaxBytes: number
  readonly watcherQueueMaxChanges: number
  readonly watcherQueueMaxBytes: number
  readonly waitMaxMs: number
  readonly pageMax: number
  readonly connectionsMax: number
}

/** What the faces of a node work with. */
export interface AppOptions {
  readonly node: string
  readonly version: string
  readonly instances: InstancePlane
  /** Shown to operators; without it there are no routes about it. */
  readonly cluster?: ClusterView | undefined
  /** Keys and leases; without it there are no routes about them. */
  readonly catalog?: Catalog | undefined
  /** Lets other nodes in, who need no token but prove that they know the cluster's secret. */
  readonly peers?: PeerAcceptor | undefined
  readonly authorize: Authorize
  readonly readiness: Readiness
  readonly waiters: Waiters
  /** Handed to the clients of `bilibili/`; without them no app has a plan. */
  readonly trafficPlans?: TrafficPlans | undefined
  readonly metrics: Metrics
  readonly limits: HttpLimits
  /** For how long a machine is there after a report of lodastack's agent. */
  readonly reportTtlMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** A path parameter holds a name, percent-encoded: three characters for one at worst. */
const PARAM_MAX_LENGTH = 2_048
/** What a connection may rest after the longest wait before it counts as stuck. */
const STUCK_AFTER_WAIT_MS = 60_000
/** A longer timer of Node fires at once. */
const TIMER_MAX_MS = 2_147_483_647
/** A watch of 256 services with long names is this long. */
const URL_MAX_LENGTH = 49_152

/** Builds the server with all its routes. It does not listen yet. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { node, limits, peers, catalog } = options
  const { connectionsMax, waitMaxMs } = limits
  const stuckAfterMs = Math.min(waitMaxMs + STUCK_AFTER_WAIT_MS, TIMER_MAX_MS)
  const bodies = new ServiceBodies(options.instances)
  const fastPath = new FastPath({ ...options, bodies })
  const app = fastify({
    bodyLimit: limits.bodyMaxBytes,
    routerOptions: { maxParamLength: PARAM_MAX_LENGTH },
    forceCloseConnections: 'idle',
    // While the port closes, what still comes in is answered as ever; readiness says why it is refused.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      answerError(options, { error, request, reply })
    },
    serverFactory: (listener) =>
      createHttpServer({ node, connectionsMax, stuckAfterMs, fastPath, peers }, listener),
    logger: false,
  })
  app.addHook('preClose', async () => {
    fastPath.close()
    peers?.close()
  })
  validateStrictly(app)
  parseJsonBodies(app, options.clock)
  addHooks(app, options)
  await app.register(accepts)
  gzipAnswers(app)
  await describeApi(app, options.version)
  const answerOtherMethods = refuseOtherMethods(app)
  await app.register(rootRoutes, options)
  await app.register(nativeRoutes, { ...options, bodies })
  await app.register(watchRoutes, { ...options, bodies })
  await app.register(bilibiliRoutes, options)
  await app.register(articleRoutes, options)
  if (catalog) {
    await app.register(raftdRoutes, { ...options, catalog })
    await app.register(lodastackRoutes, { ...options, catalog })
  }
  answerOtherMethods()
  return app
}

function addHooks(app: FastifyInstance, options: AppOptions): void {
  const { authorize, metrics, node } = options
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header(HEADERS.node, node)
    const [path = ''] = request.url.split('?', 1)
    authorize({ path, authorizationHeader: request.headers.authorization })
    if (request.url.length > URL_MAX_LENGTH) {
      throw refusal('uri_too_long', `The URL is longer than ${URL_MAX_LENGTH} characters.`)
    }
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    metrics.http.observe({
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      durationMs: reply.waitedOnPurpose ? undefined : reply.elapsedTime,
    })
    done()
  })
  app.decorateReply('waitedOnPurpose', false)
  app.setErrorHandler((error, request, reply) => {
    answerError(options, { error, request, reply })
  })
  app.setNotFoundHandler((request) => {
    const [path = ''] = request.url.split('?', 1)
    throw refusal(
      'route_not_found',
      `There is nothing at ${path}; GET /openapi.json lists what is.`,
    )
  })
}

interface Failure {
  readonly error: unknown
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

function answerError({ log, node }: AppOptions, { error, request, reply }: Failure): void {
  const expected = expectedFailure(error, request)
  if (!expected) {
    const { method, routeOptions } = request
    log.error({ err: error, method, route: routeOptions.url }, 'a request failed; this is a bug')
  }
  const problem = problemOf(expected ?? INTERNAL)
  // What the framework refuses before any hook has run has no header yet.
  void reply.header(HEADERS.node, node)
  const retryAfterS = RETRY_AFTER_S[problem.code]
  if (retryAfterS !== undefined) void reply.header('retry-after', retryAfterS)
  if (problem.code === 'unauthenticated') void reply.header('www-authenticate', CHALLENGE)
  void reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

declare module 'fastify' {
  interface FastifyReply {
    /** Set by what waits for a change, so that its time is not taken for slowness. */
    waitedOnPurpose: boolean
  }
}
