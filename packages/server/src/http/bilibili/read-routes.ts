/**
 * What clients ask at once: apps, everything, the registry's own nodes.
 *
 * @module
 */

import { DISCOVERY_SERVICE, LIMITS } from '@rollcall/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { effectiveStatus, type InstancePlane, type ShownInstance } from '../../instances/index.ts'
import { streamByName } from '../by-name.ts'
import type { ClusterView } from '../cluster-view.ts'
import { envelope, send, sendShared, withCode, type SharedAnswers } from './answers.ts'
import type { AppBodies, AppBody } from './app-bodies.ts'
import { NOT_FOUND, OK } from './codes.ts'
import { encodeInstance, UP, WAITING } from './instances.ts'
import { Parameters } from './parameters.ts'

/** A C++ client that reads `instances` as a list, and cannot be told to ask for one. */
const FLAT_CLIENT = /^brpc\//
const NODE_UP = 0
const NODE_LOST = 1
const SCHEME = /^[^/]*:\/\//

const schema = { hide: true }

export interface ReadRoutesOptions {
  readonly instances: InstancePlane
  /** Without it every node that is known counts as heard. */
  readonly cluster?: ClusterView | undefined
  readonly bodies: AppBodies
  readonly answers: SharedAnswers
}

export function addReadRoutes(app: FastifyInstance, options: ReadRoutesOptions): void {
  const { instances, cluster, bodies, answers } = options

  app.get('/fetch', { schema }, (request, reply) => {
    const parameters = new Parameters(request)
    const read = reader(bodies, request, parameters)
    const body = read(parameters.name('appid'))
    if (!body.exists) return send(request, reply, { code: NOT_FOUND, json: envelope(NOT_FOUND) })
    const answer = answers.get(`fetch ${body.serial}`, () => envelope(OK, body.json))
    return sendShared(request, reply, answer)
  })

  app.get('/fetchs', { schema }, (request, reply) => {
    const parameters = new Parameters(request)
    const read = reader(bodies, request, parameters)
    const apps = new Set(parameters.names('appid', LIMITS.watchServicesMax))
    const found = [...apps].map(read).filter((body) => body.exists)
    const key = `fetchs ${serialsOf(found)}`
    return sendShared(
      request,
      reply,
      answers.get(key, () => envelope(OK, byApp(found))),
    )
  })

  app.get('/fetch/all', { schema }, (_request, reply) => {
    const [before = '', after = ''] = envelope(OK, '|').split('|')
    const encode = (shown: ShownInstance, latest: bigint) =>
      encodeInstance(shown, { latest, renewedAtMs: undefined })
    return withCode(reply, OK).send(streamByName(instances, { before, after, encode }))
  })

  app.get('/nodes', { schema }, (request, reply) => {
    const data = JSON.stringify(nodes(instances, cluster))
    return send(request, reply, { code: OK, json: envelope(OK, data) })
  })
}

/** JSON of bodies by app. */
export function byApp(bodies: readonly AppBody[]): string {
  return `{${bodies.map(({ app, json }) => `${JSON.stringify(app)}:${json}`).join(',')}}`
}

/** One text for the same bodies in the same order. */
export function serialsOf(bodies: readonly AppBody[]): string {
  return bodies.map(({ serial }) => serial).join(',')
}

function reader(bodies: AppBodies, request: FastifyRequest, parameters: Parameters) {
  const env = parameters.name('env')
  const zone = parameters.optionalName('zone')
  const status = parameters.positive('status') & (UP | WAITING)
  const isFlat = parameters.flag('flat') || FLAT_CLIENT.test(request.headers['user-agent'] ?? '')
  return (service: string): AppBody => bodies.get({ env, service, zone, status, isFlat })
}

/** The registry's nodes of our zone, as addresses without a scheme. One that is not heard is lost. */
function nodes(instances: InstancePlane, cluster: ClusterView | undefined) {
  const { env, zone } = instances.place
  const known = [...instances.snapshot({ env, service: DISCOVERY_SERVICE }).instances]
  const members = cluster?.members() ?? []
  const lost = new Set(members.filter(({ state }) => state === 'lost').map(({ id }) => id))
  return known
    .filter((shown) => shown.zone === zone)
    .flatMap(({ id, record, heldSinceMs }) => {
      const isUp = effectiveStatus(record) === 'up' && heldSinceMs === 0 && !lost.has(id)
      const status = isUp ? NODE_UP : NODE_LOST
      return record.content.addresses.map((address) => {
        const [addr = ''] = address.replace(SCHEME, '').split('/', 1)
        return { addr, status, zone }
      })
    })
}
