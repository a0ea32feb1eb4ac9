/**
 * `GET /registry/v1/watch`: changes of services as server-sent events.
 *
 * @module
 */

import {
  API_BASE,
  HEADERS,
  LIMITS,
  Name,
  Problem,
  limitExceeded,
  type ResyncReason,
} from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { InstancePlane } from '../../instances/index.ts'
import type { ServiceKey } from '../../model/instance-key.ts'
import type { Metrics } from '../../telemetry/index.ts'
import { filteredQuery, instanceFilter } from '../instance-filter.ts'
import { refusal } from '../problem.ts'
import type { Readiness } from '../readiness.ts'
import type { ServiceBodies } from '../service-bodies.ts'
import type { Waiters } from '../waiters.ts'
import { whenGone } from '../when-gone.ts'
import { frame } from './frames.ts'
import type { Topic, TopicFrame } from './topic.ts'
import { WatchHub } from './watch-hub.ts'
import { WatchStream } from './watch-stream.ts'

const WatchQuery = filteredQuery({
  service: Type.Union([Name, Type.Array(Name)], { description: 'Up to 256, repeated.' }),
  env: Type.Optional(Name),
  after: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'The id of the last event you have; the header Last-Event-ID wins over it.',
    }),
  ),
})
type WatchQuery = Static<typeof WatchQuery> & { readonly [metadata: string]: unknown }

const BYE = frame('bye', { reason: 'shutting_down' })

export interface WatchOptions {
  readonly node: string
  readonly instances: InstancePlane
  readonly bodies: ServiceBodies
  readonly readiness: Readiness
  readonly waiters: Waiters
  readonly metrics: Pick<Metrics, 'watchers' | 'watcherResyncs'>
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

  app.get<{ Querystring: WatchQuery }>(
    `${API_BASE}/watch`,
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Changes of services as server-sent events',
        description:
          'Events: `snapshot`, `change`, `resync`, `ping`, `bye`; docs/reference/http.md has their data.',
        tags: ['services'],
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
    (request, reply) => {
      watch(options, { hub, request, reply })
    },
  )
}

interface Watching {
  readonly hub: WatchHub
  readonly request: FastifyRequest<{ Querystring: WatchQuery }>
  readonly reply: FastifyReply
}

function watch(options: WatchOptions, { hub, request, reply }: Watching): void {
  const { instances, limits, metrics, waiters } = options
  const keys = keysOf(request.query, instances.place.env)
  const lastEventId = request.headers['last-event-id']
  const after = typeof lastEventId === 'string' ? lastEventId : request.query.after
  // Before anything is sent: a token that is none must still be refused as a request.
  if (after !== undefined) for (const key of keys) instances.resume(key, after)
  const leave = waiters.enter(() => {
    stream.end(BYE)
  })
  const topics = hub.topics(keys, instanceFilter(request.query))
  const stream = new WatchStream({
    raw: reply.raw,
    topics,
    deliveredToken: () => instances.deliveredToken(keys),
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
  const resumption = after === undefined ? undefined : resume(instances, topics, after)
  if (resumption?.missed) stream.goOn(resumption.missed)
  else stream.start(resumption?.reason)
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

function keysOf({ service, env }: WatchQuery, nodeEnv: string): ServiceKey[] {
  const names = [...new Set([service].flat())]
  if (names.length === 0) throw refusal('invalid_argument', 'Say which service to watch.')
  if (names.length > LIMITS.watchServicesMax) {
    throw limitExceeded('services in one watch', LIMITS.watchServicesMax, names.length)
  }
  return names.map((name) => ({ env: env ?? nodeEnv, service: name }))
}

interface Resume {
  readonly missed?: readonly TopicFrame[]
  readonly reason?: ResyncReason
}

/** What the watcher missed; or why it must start over, with every topic as soon as with one. */
function resume(instances: InstancePlane, topics: readonly Topic[], after: string): Resume {
  const missed: TopicFrame[] = []
  for (const topic of topics) {
    const resumption = instances.resume(topic.key, after)
    if (resumption.kind === 'start_over') return { reason: resumption.reason }
    if (resumption.changes.changed.size === 0) continue
    const encoded = topic.missed(resumption.changes)
    if (encoded) missed.push(encoded)
  }
  return { missed }
}
