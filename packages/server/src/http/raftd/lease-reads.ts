/**
 * Finding what lives in leases: by the lease's name, and by key.
 *
 * @module
 */

import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Catalog, KeyedLeaseEntry, LeaseSummary } from '../../catalog/index.ts'
import { consistencyOf } from './consistency.ts'
import { Fields } from '../form-fields.ts'
import { sendJson } from './lease-routes.ts'
import { jsonOf } from './values.ts'
import { JSON_TYPE } from '../json-type.ts'

interface KeyRoute {
  readonly Params: { readonly '*': string }
}

const EVERY_KEY = '*'
/** A list goes out page by page, so that a long one is never whole in memory. */
const PAGE = 1_000

const schema = { hide: true }

/** Adds the routes that look into leases. */
export function addLeaseReads(api: FastifyInstance, catalog: Catalog): void {
  api.route<KeyRoute>({
    method: ['GET', 'POST'],
    url: '/lease/kv/*',
    schema,
    handler: async (request, reply) => {
      const fields = new Fields(request)
      const namePrefix = fields.required('prefix')
      const key = request.params['*']
      const present = fields.text('with_meta') === '1' ? withLease : valueOnly
      await catalog.readable(consistencyOf(request.url))
      const found = catalog.keyedLeases.find({
        namePrefix,
        key: key === EVERY_KEY ? undefined : key,
        match: fields.text('match') === 'prefix' ? 'prefix' : 'exact',
      })
      return sendJson(reply, `[${found.map(present).join(',')}]`)
    },
  })

  api.get('/lease/list', { schema }, async (request, reply) => {
    const namePrefix = new Fields(request).text('prefix')
    await catalog.readable(consistencyOf(request.url))
    return reply.type(JSON_TYPE).send(Readable.from(listed(catalog, namePrefix)))
  })
}

/** The leases of this protocol; those of the native API have keys of another kind. */
function* listed({ leases }: Catalog, namePrefix: string): Iterable<string> {
  let separator = '['
  let after: Pick<LeaseSummary, 'name' | 'id'> | undefined
  for (;;) {
    const page = leases.list({ namePrefix, after, limit: PAGE })
    for (const lease of page.leases) {
      after = lease
      if (lease.kind !== 'raftd') continue
      const { id, name, ttlMs, state } = lease
      yield separator + JSON.stringify({ id, name, ttl: ttlMs / 1_000, status: state })
      separator = ','
    }
    if (!page.more) break
  }
  yield separator === '[' ? '[]' : ']'
}

function valueOnly({ value }: KeyedLeaseEntry): string {
  return jsonOf(value)
}

function withLease(entry: KeyedLeaseEntry & { readonly lease: LeaseSummary }): string {
  const { lease, key, value } = entry
  const { id, name } = lease
  return `{"id":${id},"name":${JSON.stringify(name)},"key":${JSON.stringify(key)},"value":${jsonOf(value)}}`
}
