/**
 * Resources as this protocol has them: flat objects of texts, with the id among them.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'
import { HOSTNAME, type NewResource, type Properties, type Resource } from '../../catalog/index.ts'

/** The name of the id among the texts. */
export const ID = '_id'
const STATUS = 'status'
const ONLINE = 'online'

/** A resource as it goes out. */
export function rowOf({ id, properties }: Resource): Properties {
  return { [ID]: id, ...withoutId(properties) }
}

/** A resource as it comes in; an id that it has stays. Throws `invalid_argument` for one without anything else. */
export function resourceOf(row: Properties): NewResource {
  const properties = withoutId(row)
  if (Object.keys(properties).length === 0) {
    throw invalidArgument('A resource needs more than an id.', { field: 'resource' })
  }
  const id = row[ID] ?? ''
  return { properties, ...(id !== '' && { id }) }
}

/** What is to change; the id never does. Throws `invalid_argument` for nothing. */
export function updateOf(update: Properties): Properties {
  const properties = withoutId(update)
  if (Object.keys(properties).length > 0) return properties
  throw invalidArgument('update is missing, or has nothing but an id.', { field: 'update' })
}

/** A machine of which nothing else is said is online. */
export function asMachine(properties: Properties): Properties {
  return (properties[STATUS] ?? '') === '' ? { ...properties, [STATUS]: ONLINE } : properties
}

/** The name of a machine. Throws `invalid_argument` where it has none. */
export function hostnameOf(properties: Properties): string {
  const hostname = properties[HOSTNAME] ?? ''
  if (hostname !== '') return hostname
  throw invalidArgument('hostname is missing.', { field: HOSTNAME })
}

function withoutId({ [ID]: _id, ...properties }: Properties): Properties {
  return properties
}
