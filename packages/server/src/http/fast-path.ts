/**
 * A shortcut before the router for the two requests that make up nearly all traffic: reading
 * one whole service, and renewing one instance. Of everything unusual (a query, a condition,
 * an escape, a body, a refusal) it knows nothing and leaves it to the routes, which answer
 * these two alike; `fast-path.test.ts` compares the two byte for byte.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { API_BASE, HEADERS, isName } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { InstancePlane } from '../instances/index.ts'
import type { Authorize } from '../security/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { instanceFilter } from './instance-filter.ts'
import type { Readiness } from './readiness.ts'
import { sendService } from './send-service.ts'
import type { ServiceBodies } from './service-bodies.ts'

export interface FastPathOptions {
  readonly node: string
  readonly instances: InstancePlane
  readonly bodies: ServiceBodies
  readonly authorize: Authorize
  readonly readiness: Readiness
  readonly metrics: Pick<Metrics, 'http'>
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** Answers a request, or says false and has done nothing. */
export type FastPath = (request: IncomingMessage, response: ServerResponse) => boolean

const SERVICES = `${API_BASE}/services/`
const READ_ROUTE = `${SERVICES}:service`
const RENEW_ROUTE = `${SERVICES}:service/instances/:id/heartbeat`
/** Names that stand in a path as they are; others need escapes, and the router. */
const RENEWAL = /^([A-Za-z0-9._:-]+)\/instances\/([A-Za-z0-9._:-]+)\/heartbeat$/
const EVERYTHING = instanceFilter({})

export function createFastPath(options: FastPathOptions): FastPath {
  const { readiness } = options
  const read = reader(options)
  const renew = renewer(options)
  return (request, response) => {
    const { method, url = '' } = request
    if (!url.startsWith(SERVICES) || !readiness.isReady || !isPlain(options, request)) return false
    const rest = url.slice(SERVICES.length)
    if (method === 'GET') return isPlainName(rest) && read(request, response, rest)
    return method === 'POST' && hasNoBody(request) && renew(response, rest)
  }
}

function reader({ node, instances, bodies, metrics, clock }: FastPathOptions) {
  const observe = metrics.http.observer({ method: 'GET', route: READ_ROUTE, status: 200 })
  const { env } = instances.place
  return (request: IncomingMessage, response: ServerResponse, service: string): boolean => {
    const startMs = clock.monotonicMs()
    const body = bodies.get({ env, service }, EVERYTHING)
    if (!body.known) return false
    sendService({ node, request, response }, body)
    observe(clock.monotonicMs() - startMs)
    return true
  }
}

function renewer({ node, instances, metrics, clock }: FastPathOptions) {
  const observe = metrics.http.observer({ method: 'POST', route: RENEW_ROUTE, status: 204 })
  const { env } = instances.place
  return (response: ServerResponse, rest: string): boolean => {
    const startMs = clock.monotonicMs()
    const [, service = '', id = ''] = RENEWAL.exec(rest) ?? []
    if (!isName(service) || !isName(id)) return false
    const ref = { env, service, id }
    if (!instances.lives(ref)) return false
    response.writeHead(204, [HEADERS.node, node, HEADERS.home, instances.renew(ref).home])
    response.end()
    observe(clock.monotonicMs() - startMs)
    return true
  }
}

/** No condition and no special wish, from somebody who may ask. */
function isPlain({ authorize }: FastPathOptions, { headers, url = '' }: IncomingMessage): boolean {
  if (headers['if-none-match'] !== undefined || headers.expect !== undefined) return false
  if (headers.accept !== undefined && headers.accept !== '*/*') return false
  try {
    authorize({ path: url, authorizationHeader: headers.authorization })
    return true
  } catch {
    // The router refuses it again, and answers.
    return false
  }
}

function isPlainName(text: string): boolean {
  return /^[A-Za-z0-9._:-]+$/.test(text) && isName(text)
}

function hasNoBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return (length === undefined || length === '0') && headers['transfer-encoding'] === undefined
}
