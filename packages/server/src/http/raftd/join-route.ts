/**
 * `/join`: how the original's nodes ask to be let into a cluster.
 *
 * @module
 */

import { RegistryError, invalidArgument } from '@rollcall/protocol'
import type { FastifyInstance } from 'fastify'
import { takeAsJson } from '../body-parsers.ts'

const FIELDS = ['httpAddr', 'raftAddr', 'id']

/** Adds the route. The body is JSON whatever its type says: the original misspells that. */
export function addJoinRoute(api: FastifyInstance): void {
  api.removeAllContentTypeParsers()
  takeAsJson(api, '*')

  api.post('/join', { schema: { hide: true } }, ({ body }) => {
    checkJoin(body)
    throw new RegistryError(
      'not_a_cluster',
      'This node keeps its catalog on one machine, and no other can join it.',
    )
  })
}

/** Exactly these fields, each a text. Throws `invalid_argument`. */
function checkJoin(body: unknown): void {
  const given = typeof body === 'object' && body !== null ? Object.entries(body) : []
  const isJoin =
    given.length === FIELDS.length &&
    given.every(([name, value]) => FIELDS.includes(name) && typeof value === 'string')
  if (!isJoin) throw invalidArgument(`The body must be an object with ${FIELDS.join(', ')}.`)
}
