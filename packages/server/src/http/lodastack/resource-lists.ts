/**
 * `/resource/list`: many resources of one type at once, and all of it or nothing. Machines are
 * named by their hostname, wherever they are.
 *
 * @module
 */

import { invalidArgument, RegistryError } from '@rollcall/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  MACHINE,
  type Resource,
  type ResourceCatalog,
  type ResourceOperation,
} from '../../catalog/index.ts'
import { sendDone } from './answers.ts'
import { bodiesOf, type Body } from './bodies.ts'
import { idsOf } from './comma-list.ts'
import { updating } from './completed.ts'
import { pathOf, typeOf } from './ns.ts'
import type { ResourceWritesOptions } from './resource-writes.ts'

const schema = { hide: true }

/** Adds the routes. */
export function addResourceLists(
  api: FastifyInstance,
  { catalog, bodyLimit }: ResourceWritesOptions,
): void {
  const update = async ({ body }: FastifyRequest, reply: FastifyReply) => {
    const items = bodiesOf(body)
    const kind = typeOfAll(items)
    const operations = items.flatMap((item) => updatesOf(catalog, item, kind))
    await catalog.resources.batch(kind.type, operations, { template: kind.template })
    return sendDone(reply)
  }
  api.put('/resource/list', { schema, bodyLimit }, update)
  // As its documentation calls it.
  api.put('/machine/status', { schema, bodyLimit }, update)

  api.delete('/resource/list', { schema, bodyLimit }, async ({ body }, reply) => {
    const items = bodiesOf(body)
    const { type, template } = typeOfAll(items)
    await catalog.resources.batch(type, deletesOf(catalog, items), { template })
    return sendDone(reply)
  })
}

function typeOfAll(items: readonly Body[]): ReturnType<typeof typeOf> {
  const wanted = new Set(items.map((item) => item.text('type')))
  const [first = ''] = wanted
  if (wanted.size > 1) throw invalidArgument('One list is of one type.', { field: 'type' })
  return typeOf(first)
}

/** Machines are updated in every namespace that has them. */
function updatesOf(
  catalog: ResourceCatalog,
  item: Body,
  kind: ReturnType<typeof typeOf>,
): readonly ResourceOperation[] {
  const properties = updating(kind, item.properties('update'))
  return targetsOf(catalog, item, item.text('type') === MACHINE).map((target) => ({
    update: { ...target, properties },
  }))
}

/**
 * Machines are deleted from every namespace that has them, where none is named. What is named
 * twice is deleted once.
 */
function deletesOf(catalog: ResourceCatalog, items: readonly Body[]): readonly ResourceOperation[] {
  const targets = items.flatMap((item) => {
    const isEverywhere = item.text('type') === MACHINE && item.text('ns') === ''
    return targetsOf(catalog, item, isEverywhere)
  })
  const unique = new Map(targets.map((target) => [`${target.ns}.${target.id}`, target]))
  return Array.from(unique.values(), (target) => ({ delete: target }))
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
  if (!isHostname) {
    const ns = pathOf(item.text('ns'), namespaces)
    return idsOf(item.text('resourceid')).map((id) => ({ ns, id }))
  }
  const name = item.required('resourceid')
  const rows = machines.find(name)
  if (rows.length > 0) return rows.map(({ ns, id }: Resource) => ({ ns, id }))
  const message = `machine not found: no namespace has a machine "${name}".`
  throw new RegistryError('resource_not_found', message, { details: { hostname: name } })
}
