/**
 * `/key`: the registry's keys, the same that the native API has. Bodies are bytes of any type.
 *
 * @module
 */

import { hasCode, RegistryError } from '@rollcall/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Catalog } from '../../catalog/index.ts'
import { consistencyOf } from './consistency.ts'

/** Slashes may stand in a key as they are, or encoded. */
interface KeyRoute {
  readonly Params: { readonly '*': string }
}

const PATH = '/key/*'

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
    if (!entry) throw new RegistryError('key_not_found', `There is no key "${key}".`)
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
}

function keyOf({ params }: FastifyRequest<KeyRoute>): string {
  return params['*']
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
