/**
 * The protocol of the registry that an article builds, under `/api`.
 * `docs/reference/article.md` says what differs and why.
 *
 * @module
 */

import { DISCOVERY_SERVICE, RegistryError } from '@rollcall/protocol'
import type { Clock, Logger } from '@rollcall/runtime'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify'
import { effectiveStatus, type InstancePlane, type ShownInstance } from '../../instances/index.ts'
import type { ServiceKey } from '../../model/instance-key.ts'
import { answerFailures, type Failed } from '../answer-failures.ts'
import { takeAsJson } from '../body-parsers.ts'
import { streamByName } from '../by-name.ts'
import { lastChangeOf, timesOf, type Seen } from '../nanoseconds.ts'
import type { Readiness } from '../readiness.ts'
import { encodeWide, type WideJson } from '../wide-json.ts'
import { CODE_OF, OK, SERVER_ERROR } from './codes.ts'
import { ArticleRequest, OWN_APP, UP, WAITING } from './requests.ts'
import { JSON_TYPE } from '../json-type.ts'

export interface ArticleOptions {
  readonly instances: InstancePlane
  readonly readiness: Readiness
  readonly clock: Clock
  readonly log: Logger
}

const schema = { hide: true }

export const articleRoutes: FastifyPluginAsync<ArticleOptions> = async (app, options) => {
  await app.register(
    async (api) => {
      // Clients often leave the type away, or send that of a form.
      takeAsJson(api, { types: '*', clock: options.clock })
      answerFailures(api, { ...options, answer: fail })
      addWriteRoutes(api, options.instances)
      addReadRoutes(api, options.instances)
    },
    { prefix: '/api' },
  )
}

function addWriteRoutes(api: FastifyInstance, instances: InstancePlane): void {
  const { zone } = instances.place

  api.post('/register', { schema }, ({ body }, reply) => {
    const request = new ArticleRequest(body)
    const written = { ref: request.key(zone), facts: request.facts() }
    instances.register({ ...written, ...request.spreading() })
    return send(reply, OK)
  })

  api.post('/renew', { schema }, ({ body }, reply) => {
    instances.renew(new ArticleRequest(body).key(zone))
    return send(reply, OK)
  })

  api.post('/cancel', { schema }, async ({ body }, reply) => {
    const request = new ArticleRequest(body)
    const key = request.key(zone)
    const spreading = request.spreading()
    instances.cancel(key, undefined, spreading)
    if (spreading.local !== true) await instances.shipped(key)
    return send(reply, OK)
  })
}

function addReadRoutes(api: FastifyInstance, instances: InstancePlane): void {
  api.post('/fetch', { schema }, ({ body }, reply) => {
    const request = new ArticleRequest(body)
    return send(reply, OK, fetched(instances, request.service(), request.wantedStatus()))
  })

  api.post('/fetchall', { schema }, (_request, reply) => {
    const [before = '', after = ''] = encodeWide(envelope(OK, '', '|')).split('"|"')
    const encode = (shown: ShownInstance, latest: bigint) =>
      encodeWide(present(shown, { latest, renewedAtMs: undefined }))
    return asJson(reply).send(streamByName(instances, { before, after, encode }))
  })

  api.post('/nodes', { schema }, ({ body }, reply) => {
    const env = new ArticleRequest(body).env()
    return send(reply, OK, fetched(instances, { env, service: DISCOVERY_SERVICE }, UP))
  })
}

/** The instances of all zones in one list. Throws `service_not_found` where there are none of these statuses. */
function fetched(instances: InstancePlane, key: ServiceKey, status: number): WideJson {
  // Nodes are found in every env, whichever their own is.
  const isRegistry = key.service === DISCOVERY_SERVICE
  const source = isRegistry ? { ...key, env: instances.place.env } : key
  const snapshot = instances.snapshot(source)
  const latest = lastChangeOf(snapshot)
  const found: WideJson[] = []
  for (const shown of snapshot.instances) {
    if ((statusOf(shown) & status) === 0) continue
    const { lastRenewedAtMs } = instances.instance({ ...source, zone: shown.zone, id: shown.id })
    const as = isRegistry ? { env: key.env, appid: OWN_APP } : {}
    found.push({ ...present(shown, { latest, renewedAtMs: lastRenewedAtMs }), ...as })
  }
  if (found.length > 0) return { instances: found, latest_timestamp: latest }
  const message = `"${key.service}" has no such instance in env "${key.env}".`
  throw new RegistryError('service_not_found', message)
}

function present(shown: ShownInstance, seen: Seen) {
  const { service, id, record } = shown
  const { addresses, version } = record.content
  return {
    env: service.env,
    appid: service.name,
    hostname: id,
    addrs: addresses,
    version,
    status: statusOf(shown),
    ...timesOf(shown, seen),
  }
}

function statusOf({ record }: ShownInstance): number {
  return effectiveStatus(record) === 'up' ? UP : WAITING
}

function fail(reply: FastifyReply, { failure }: Failed): FastifyReply {
  const code = failure ? CODE_OF[failure.code] : SERVER_ERROR
  return asJson(reply).send(encodeWide(envelope(code, failure?.message ?? 'internal error')))
}

function send(reply: FastifyReply, code: number, data: WideJson = ''): FastifyReply {
  return asJson(reply).send(encodeWide(envelope(code, '', data)))
}

function envelope(code: number, message: string, data: WideJson = '') {
  return { code, message, data }
}

function asJson(reply: FastifyReply): FastifyReply {
  return reply.code(200).type(JSON_TYPE)
}
