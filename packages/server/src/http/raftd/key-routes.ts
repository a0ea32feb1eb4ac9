/**
 * `/key`: the registry's keys, the same that the native API has. Bodies are bytes of any type.
 *
 * @module
 */

import { hasCode, invalidArgument } from '@rollcall/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { keyNotFound, type Catalog } from '../../catalog/index.ts'
import { refusal } from '../problem.ts'
import { consistencyOf } from './consistency.ts'

/** Slashes may stand in a key as they are, or encoded. */
interface KeyRoute {
  readonly Params: { readonly '*': string }
}

const PATH = '/key/*'
const METHODS = ['DELETE', 'GET', 'HEAD', 'PUT']

export interface KeyRoutesOptions {
  readonly catalog: Catalog
  readonly catalogBodyMaxBytes: number
}

/** Adds the routes. */
export function addKeyRoutes(api: FastifyInstance, options: KeyRoutesOptions): void {
  const { catalog, catalogBodyMaxBytes } = options
  const schema = { hide: true }
  api.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, bytes, done) => {
    done(null, bytes)
  })

  api.get<KeyRoute>(PATH, { schema }, async (request, reply) => {
    await catalog.readable(consistencyOf(request.url))
    const key = keyOf(request)
    const entry = catalog.kv.get(key)
    if (!entry) throw keyNotFound(key)
    return reply.type('application/octet-stream').send(bufferOf(entry.value))
  })

  api.put<KeyRoute>(PATH, { schema, bodyLimit: catalogBodyMaxBytes }, async (request, reply) => {
    const { body } = request
    await catalog.kv.put(keyOf(request), Buffer.isBuffer(body) ? body : new Uint8Array())
    return reply.send()
  })

  api.delete<KeyRoute>(PATH, { schema }, async (request, reply) => {
    // Deleting what is not there is done already: the original's clients send a delete twice.
    await catalog.kv.delete(keyOf(request)).catch((error: unknown) => {
      if (!hasCode(error, 'key_not_found')) throw error
    })
    return reply.send()
  })

  refuseOtherMethods(api)
}

function keyOf({ params }: FastifyRequest<KeyRoute>): string {
  const key = params['*']
  if (key === '') throw invalidArgument('A key has at least one byte.')
  return key
}

/** A pattern that matches anything is not among the paths whose other methods are refused for all. */
function refuseOtherMethods(api: FastifyInstance): void {
  api.route({
    method: api.supportedMethods.filter((method) => !METHODS.includes(method)),
    url: PATH,
    schema: { hide: true },
    // Before the body is looked at: whatever it is, the method is what is wrong.
    onRequest: (request, reply) => {
      const allow = METHODS.join(', ')
      void reply.header('allow', allow)
      throw refusal('method_not_allowed', `${request.method} is not for a key; use ${allow}.`)
    },
    handler: () => {},
  })
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
