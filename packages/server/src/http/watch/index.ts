/**
 * `GET /registry/v1/watch`: changes of services, keys and namespaces as server-sent
 * events.
 *
 * @module
 */

import { API_BASE, HEADERS, Problem } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Catalog } from '../../catalog/index.ts'
import type { InstancePlane } from '../../instances/index.ts'
import type { Metrics } from '../../telemetry/index.ts'
import { instanceFilter } from '../instance-filter.ts'
import { refusal } from '../problem.ts'
import type { Readiness } from '../readiness.ts'
import type { ServiceBodies } from '../service-bodies.ts'
import type { Waiters } from '../waiters.ts'
import { whenGone } from '../when-gone.ts'
import type { CatalogTopic } from './catalog-topic.ts'
import { frame } from './frames.ts'
import type { PathSet } from './path-set.ts'
import type { ServiceTopic } from './service-topic.ts'
import { formatWatchId, parseWatchId, type WatchPoint } from './watch-id.ts'
import { WatchHub } from './watch-hub.ts'
import { planOf } from './watch-plan.ts'
import { checkFrom, keysOf, pathsOf, prefixesOf, WatchQuery } from './watch-query.ts'
import { WatchStream } from './watch-stream.ts'

const BYE = frame('bye', { reason: 'shutting_down' })

export interface WatchOptions {
  readonly node: string
  readonly instances: InstancePlane
  /** Without it neither keys nor namespaces can be watched. */
  readonly catalog?: Catalog | undefined
  readonly bodies: ServiceBodies
  readonly readiness: Readiness
  readonly waiters: Waiters
  readonly metrics: Pick<Metrics, 'watchers' | 'kvWatchers' | 'nsWatchers' | 'watcherResyncs'>
  readonly clock: Clock
  readonly limits: {
    readonly watcherQueueMaxChanges: number
    readonly watcherQueueMaxBytes: number
  }
}

export const watchRoutes: FastifyPluginAsync<WatchOptions> = async (app, options) => {
  const { instances, bodies, clock, readiness } = options
  const hub = new WatchHub({ instances, bodies, clock })
  options.metrics.watchers.collect(() => hub.count)
  options.metrics.kvWatchers.collect(() => hub.countOf('kv'))
  options.metrics.nsWatchers.collect(() => hub.countOf('ns'))

  app.get<{ Querystring: WatchQuery }>(
    `${API_BASE}/watch`,
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Changes of services, keys and namespaces as server-sent events',
        description:
          'Events: `snapshot`, `change`, `kv-snapshot`, `kv`, `ns-snapshot`, `ns`, `resync`, `ping`, `bye`; docs/reference/http.md has their data.',
        tags: ['services', 'kv', 'namespaces'],
        querystring: WatchQuery,
        response: { 200: Type.String(), '4xx': Problem },
      },
      onRequest: (request, _reply, done) => {
        readiness.check()
        if (request.accepts().type(['text/event-stream']) === false) {
          throw refusal('not_acceptable', 'A watch is a text/event-stream; accept that.')
        }
        done()
      },
    },
    (request, reply) => watch(options, hub, { request, reply }),
  )
}

interface Exchange {
  readonly request: FastifyRequest<{ Querystring: WatchQuery }>
  readonly reply: FastifyReply
}

/** What is watched, and where the watcher is. */
interface Watched {
  readonly services: readonly ServiceTopic[]
  readonly ofCatalog: readonly CatalogTopic[]
  readonly point: WatchPoint
}

async function watch(options: WatchOptions, hub: WatchHub, exchange: Exchange): Promise<void> {
  const { instances, catalog } = options
  const { query, headers } = exchange.request
  const services = hub.topics(keysOf(query, instances.place.env), instanceFilter(query))
  const prefixes = prefixesOf(query)
  const paths = pathsOf(query)
  checkFrom(query)
  const of = {
    services: services.length > 0,
    kv: prefixes !== undefined,
    ns: paths !== undefined,
  }
  if (!of.services && !of.kv && !of.ns) {
    throw refusal('invalid_argument', 'Say which services, keys or namespaces to watch.')
  }
  const lastEventId = headers['last-event-id']
  const after = typeof lastEventId === 'string' ? lastEventId : query.after
  const { from } = query
  const point = after === undefined ? { kv: from, ns: from } : parseWatchId(after, of)
  if (!of.kv && !of.ns) {
    begin(options, hub, { ...exchange, services, ofCatalog: [], point })
    return
  }
  if (!catalog) throw refusal('invalid_argument', 'This node has no catalog to watch.')
  await catalog.readable({})
  if (paths && point.ns === undefined) mustBeThere(catalog, paths)
  const ofCatalog = [
    ...(prefixes ? [hub.kvTopic(catalog, prefixes)] : []),
    ...(paths ? [hub.nsTopic(catalog, paths)] : []),
  ]
  // Of who has gone meanwhile nobody would tell.
  if (exchange.request.raw.socket.destroyed) exchange.reply.hijack()
  else begin(options, hub, { ...exchange, services, ofCatalog, point })
}

/** Who begins is told of a mistake; who comes back is told what became of it. */
function mustBeThere({ namespaces }: Catalog, { paths }: PathSet): void {
  for (const path of paths) namespaces.get(path)
}

function begin(options: WatchOptions, hub: WatchHub, watched: Watched & Exchange): void {
  const { instances, limits, metrics, waiters } = options
  const { request, reply, services, ofCatalog, point } = watched
  // Before anything is sent: a token that is none must still be refused as a request.
  if (point.token !== undefined) for (const { key } of services) instances.resume(key, point.token)
  const leave = waiters.enter(() => {
    stream.end(BYE)
  })
  const stream = new WatchStream({
    raw: reply.raw,
    topics: [...services, ...ofCatalog],
    deliveredToken: (told) => {
      const keys = services.map(({ key }) => key)
      const token = keys.length > 0 ? instances.deliveredToken(keys) : undefined
      const revisions = ofCatalog.map(({ part }) => [part, told.get(part) ?? point[part]] as const)
      return formatWatchId({ token, ...Object.fromEntries(revisions) })
    },
    queueMaxChanges: limits.watcherQueueMaxChanges,
    queueMaxBytes: limits.watcherQueueMaxBytes,
    onResync: (reason) => {
      metrics.watcherResyncs[reason].inc()
    },
  })
  const exit = hub.enter(stream)
  whenGone(request.raw, reply.raw, () => {
    exit()
    leave()
  })
  open(options, reply)
  stream.subscribe()
  stream.open(planOf(instances, watched))
}

/** From here on the connection is ours; the framework does nothing with it any more. */
function open({ node }: WatchOptions, reply: FastifyReply): void {
  reply.waitedOnPurpose = true
  reply.hijack()
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    [HEADERS.node]: node,
  })
  reply.raw.socket?.setNoDelay(true)
}
