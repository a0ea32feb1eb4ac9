/**
 * `/resource/list`: many resources of one type at once, and all of it or nothing. Machines are
 * named by their hostname, wherever they are.
 *
 * @module
 */

import { invalidArgument, RegistryError } from '@rollcall/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Resource, ResourceCatalog, ResourceOperation } from '../../catalog/index.ts'
import { sendDone } from './answers.ts'
import { bodiesOf, type Body } from './bodies.ts'
import { pathOf, typeOf } from './ns.ts'
import type { ResourceWritesOptions } from './resource-writes.ts'
import { MACHINE, updateOf } from './rows.ts'

const schema = { hide: true }

/** Adds the routes. */
export function addResourceLists(
  api: FastifyInstance,
  { catalog, bodyLimit }: ResourceWritesOptions,
): void {
  const update = async ({ body }: FastifyRequest, reply: FastifyReply) => {
    await doAll(catalog, bodiesOf(body), updatesOf)
    return sendDone(reply)
  }
  api.put('/resource/list', { schema, bodyLimit }, update)
  // As its documentation calls it.
  api.put('/machine/status', { schema, bodyLimit }, update)

  api.delete('/resource/list', { schema, bodyLimit }, async ({ body }, reply) => {
    await doAll(catalog, bodiesOf(body), deletesOf)
    return sendDone(reply)
  })
}

type Operations = (catalog: ResourceCatalog, item: Body) => readonly ResourceOperation[]

async function doAll(
  catalog: ResourceCatalog,
  items: readonly Body[],
  operationsOf: Operations,
): Promise<void> {
  const wanted = new Set(items.map((item) => item.text('type')))
  const [first = ''] = wanted
  if (wanted.size > 1) throw invalidArgument('One list is of one type.', { field: 'type' })
  const { type, template } = typeOf(first)
  const operations = items.flatMap((item) => operationsOf(catalog, item))
  await catalog.resources.batch(type, operations, { template })
}

/** Machines are updated in every namespace that has them. */
function updatesOf(catalog: ResourceCatalog, item: Body): readonly ResourceOperation[] {
  const properties = updateOf(item.properties('update'))
  return targetsOf(catalog, item, item.text('type') === MACHINE).map((target) => ({
    update: { ...target, properties },
  }))
}

/** Machines are deleted from every namespace that has them, where none is named. */
function deletesOf(catalog: ResourceCatalog, item: Body): readonly ResourceOperation[] {
  const isEverywhere = item.text('type') === MACHINE && item.text('ns') === ''
  return targetsOf(catalog, item, isEverywhere).map((target) => ({ delete: target }))
}

interface Target {
  readonly ns: string
  readonly id: string
}

function targetsOf(
  { machines, namespaces }: ResourceCatalog,
  item: Body,
  isHostname: boolean,
): readonly Target[] {
  const name = item.required('resourceid')
  if (!isHostname) {
    const ns = pathOf(item.text('ns'), namespaces)
    return name.split(',').map((id) => ({ ns, id: id.trim() }))
  }
  const rows = machines.find(name)
  if (rows.length > 0) return rows.map(({ ns, id }: Resource) => ({ ns, id }))
  const message = `machine not found: no namespace has a machine "${name}".`
  throw new RegistryError('resource_not_found', message, { details: { hostname: name } })
}
