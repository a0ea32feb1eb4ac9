/**
 * `/resource`, written: each call one step of the catalog.
 *
 * @module
 */

import { hasCode, invalidArgument, RegistryError } from '@rollcall/protocol'
import type { FastifyInstance } from 'fastify'
import type { ResourceCatalog, ResourceOperation, Transfer } from '../../catalog/index.ts'
import { Fields } from '../form-fields.ts'
import { sendDone } from './answers.ts'
import { Body } from './bodies.ts'
import { COLLECT, collectsOf } from './collect-names.ts'
import { idsOf, itemsOf } from './comma-list.ts'
import { added, replacing, updating } from './completed.ts'
import { pathOf, placeOf, typeOf } from './ns.ts'
import { resourceOf } from './rows.ts'
import { saying } from './words.ts'

const WORDS = { already_exists: 'resource pk already in new ns' } as const

export interface ResourceWritesOptions {
  readonly catalog: ResourceCatalog
  readonly bodyLimit: number
}

const schema = { hide: true }

/** Adds the routes whose bodies are JSON. */
export function addResourceWrites(
  api: FastifyInstance,
  { catalog, bodyLimit }: ResourceWritesOptions,
): void {
  const { resources, types, namespaces } = catalog

  api.post('/resource', { schema, bodyLimit }, async (request, reply) => {
    const body = new Body(request.body)
    const place = placeOf(body.text('ns'), body.text('type'), namespaces)
    const rows = body.propertyLists('resourcelist').map((row) => {
      const { properties, ...rest } = resourceOf(row)
      return { ...rest, properties: replacing(place, properties) }
    })
    if (rows.length === 0) throw invalidArgument('empty resources', { field: 'resourcelist' })
    await resources.replace(place, rows)
    return sendDone(reply)
  })

  api.post('/resource/add', { schema, bodyLimit }, async (request, reply) => {
    const body = new Body(request.body)
    const place = placeOf(body.text('ns'), body.text('type'), namespaces)
    const { properties: given } = resourceOf(body.properties('resource'))
    const properties = added(place, given)
    const key = types.get(place.type)?.primaryKey
    if (key !== undefined && (properties[key] ?? '') === '') {
      throw invalidArgument(`${key} is missing: every ${place.type} has one.`, { field: key })
    }
    const written = await resources.add(place, { properties }).catch(inWordsOfAdd)
    return sendDone(reply, { id: written.resources[0]?.id ?? '' })
  })

  api.put('/resource', { schema, bodyLimit }, async (request, reply) => {
    const body = new Body(request.body)
    const place = placeOf(body.text('ns'), body.text('type'), namespaces)
    const id = body.required('resourceid')
    await resources.merge({ ...place, id }, updating(place, body.properties('update')))
    return sendDone(reply)
  })
}

/** Adds the routes whose parameters stand in a form or in the query. */
export function addResourceForms(api: FastifyInstance, catalog: ResourceCatalog): void {
  const { resources, namespaces } = catalog

  api.delete('/resource', { schema }, async (request, reply) => {
    const fields = new Fields(request)
    const { type, ns, template } = placeOf(fields.text('ns'), fields.text('type'), namespaces)
    const operations = idsOf(fields.text('resourceid')).map((id): ResourceOperation => ({
      delete: { ns, id },
    }))
    await resources.batch(type, operations, { template })
    return sendDone(reply)
  })

  api.put('/resource/move', { schema }, async (request, reply) => {
    await resources.move(transferIn(new Fields(request), catalog)).catch(saying(WORDS))
    return sendDone(reply)
  })

  api.put('/resource/copy', { schema }, async (request, reply) => {
    await resources.copy(transferIn(new Fields(request), catalog)).catch(saying(WORDS))
    return sendDone(reply)
  })

  api.delete('/resource/collect', { schema }, async (request, reply) => {
    const fields = new Fields(request)
    const ns = pathOf(fields.text('ns'), namespaces)
    const names = collectsOf(itemsOf(fields.text('measurements')))
    if (names.length === 0) {
      throw invalidArgument('measurements names no collect.', { field: 'measurements' })
    }
    const known = names.flatMap((name) => resources.byKey(COLLECT, ns, name) ?? [])
    const operations = known.map(({ id }): ResourceOperation => ({ delete: { ns, id } }))
    if (operations.length > 0) await resources.batch(COLLECT, operations)
    return sendDone(reply)
  })
}

function transferIn(fields: Fields, { namespaces }: ResourceCatalog): Transfer {
  const from = pathOf(fields.text('from'), namespaces, 'from')
  const { type, template } = typeOf(fields.text('type'))
  if (template) throw invalidArgument('Templates stay where they are.', { field: 'type' })
  const to = pathOf(fields.text('to'), namespaces, 'to')
  return { type, from, to, ids: idsOf(fields.text('resourceid')) }
}

/** Its documentation has this answer, as a wrong parameter. */
function inWordsOfAdd(error: unknown): never {
  if (!hasCode(error, 'already_exists')) throw error
  const message = `resource already exist: ${error.message}`
  throw new RegistryError('invalid_argument', message, { details: error.details, cause: error })
}
