/**
 * `/join`: how the original's nodes ask to be let into a cluster.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { FastifyInstance } from 'fastify'
import type { Catalog } from '../../catalog/index.ts'
import { takeAsJson } from '../body-parsers.ts'
import { notACluster } from '../not-a-cluster.ts'

const FIELDS = ['httpAddr', 'raftAddr', 'id']

export interface JoinOptions {
  readonly catalog: Catalog
  readonly clock: Clock
}

/** Adds the route. The body is JSON whatever its type says: the original misspells that. */
export function addJoinRoute(api: FastifyInstance, { catalog, clock }: JoinOptions): void {
  api.removeAllContentTypeParsers()
  takeAsJson(api, { types: '*', clock })

  api.post('/join', { schema: { hide: true } }, ({ body }) => {
    checkJoin(body)
    throw notACluster(catalog)
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
