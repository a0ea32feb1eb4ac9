/**
 * `/lease`: leases of which every key is kept alive by itself.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Catalog } from '../../catalog/index.ts'
import { Fields } from '../form-fields.ts'
import { jsonOf } from './values.ts'
import { JSON_TYPE } from '../json-type.ts'

interface IdRoute {
  readonly Params: { readonly id: string }
}

const ID = /^[1-9]\d{0,15}$/
const SECONDS = /^[1-9]\d{0,8}$/

const schema = { hide: true }

/** Adds the routes that grant, use and end leases. */
export function addLeaseRoutes(api: FastifyInstance, { keyedLeases }: Catalog): void {
  api.post('/lease/grant', { schema }, async (request, reply) => {
    const fields = new Fields(request)
    const ttlMs = secondsOf(fields.text('ttl').trim()) * 1_000
    const name = fields.required('name').trim()
    if (name === '') throw invalidArgument('name is blank.', { field: 'name' })
    const { id } = await keyedLeases.grant({ ttlMs, name })
    // Bare, for scripts; once more where it cannot be mistaken for anything else.
    return sendJson(reply.header('x-lease-id', id), String(id))
  })

  api.post<IdRoute>('/lease/keepalive/:id', { schema }, async (request, reply) => {
    const id = idOf(request)
    const fields = new Fields(request)
    if (fields.has('key') || fields.has('data')) {
      const value = Buffer.from(fields.required('data'))
      await keyedLeases.keepAlive(id, { key: fields.required('key'), value })
    } else await keyedLeases.refreshAll(id)
    return sendJson(reply, 'null')
  })

  api.post<IdRoute>('/lease/revoke/:id', { schema }, async (request, reply) => {
    await keyedLeases.revoke(idOf(request))
    return sendJson(reply, 'null')
  })

  api.route<IdRoute>({
    method: ['GET', 'POST'],
    url: '/lease/timetolive/:id',
    schema,
    handler: async (request, reply) => {
      const lease = await keyedLeases.get(idOf(request))
      const { id, name, ttlMs, state, keys } = lease
      const shown = keys.map(
        ({ key, remainingMs, value }) =>
          `{"key":${JSON.stringify(key)},"ttl_left":${secondsLeft(remainingMs)},"value":${jsonOf(value)}}`,
      )
      const summary = JSON.stringify({
        id,
        name,
        ttl: ttlMs / 1_000,
        status: state,
        count: keys.length,
      })
      return sendJson(reply, `${summary.slice(0, -1)},"keys":[${shown.join(',')}]}`)
    },
  })
}

/** Answers text that is JSON already. */
export function sendJson(reply: FastifyReply, json: string): FastifyReply {
  return reply.type(JSON_TYPE).send(json)
}

function idOf({ params }: FastifyRequest<IdRoute>): number {
  const id = ID.test(params.id) ? Number(params.id) : NaN
  if (Number.isSafeInteger(id)) return id
  throw invalidArgument('A lease is named by the integer that its grant answered.')
}

function secondsOf(text: string): number {
  if (SECONDS.test(text)) return Number(text)
  throw invalidArgument('ttl must be a number of seconds above 0.', { field: 'ttl' })
}

/** Started seconds count: what says 0 is gone. */
function secondsLeft(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1_000))
}
