/**
 * What resources may be made of.
 *
 * @module
 */

import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import { keyOfId, keyOfPrimary } from '../key-schema.ts'
import { RESOURCE_LIMITS } from '../limits.ts'
import { checkText } from '../refusals.ts'
import type { Properties } from '../resource-catalog.ts'

const TYPE = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const ID = /^[A-Za-z0-9._:-]+$/
/** Names that are none: the id of a resource in foreign protocols, and what is no field of JSON. */
const RESERVED: ReadonlySet<string> = new Set(['', '_id', '__proto__'])

export function checkType(type: string): void {
  const { typeCharacters } = RESOURCE_LIMITS
  if (type.length > typeCharacters) {
    throw limitExceeded('resource type characters', typeCharacters, type.length)
  }
  if (TYPE.test(type)) return
  const message = `"${type}" is no type: 1 to ${typeCharacters} letters, digits, dots, underscores and dashes, a letter or digit first.`
  throw invalidArgument(message, { field: 'type' })
}

export function checkId(id: string): void {
  const { idCharacters } = RESOURCE_LIMITS
  if (id.length > idCharacters) {
    throw limitExceeded('resource id characters', idCharacters, id.length)
  }
  if (ID.test(id)) return
  const message = `"${id}" is no id: 1 to ${idCharacters} letters, digits, dots, underscores, colons and dashes.`
  throw invalidArgument(message, { field: 'id' })
}

/** A resource says something. */
export function checkProperties(properties: Properties): void {
  const names = Object.keys(properties)
  if (names.length === 0) {
    throw invalidArgument('A resource has at least one property.', { field: 'properties' })
  }
  const { properties: limit } = RESOURCE_LIMITS
  if (names.length > limit) throw limitExceeded('resource properties', limit, names.length)
  for (const name of names) {
    checkPropertyName(name)
    checkText('property value', properties[name] as string, RESOURCE_LIMITS.valueBytes)
  }
}

function checkPropertyName(name: string): void {
  if (RESERVED.has(name)) {
    throw invalidArgument(`"${name}" is no name for a property.`, { field: 'properties', name })
  }
  checkText('property name', name, RESOURCE_LIMITS.nameBytes)
}

/** Properties with a patch merged in: null removes one. */
export function mergeProperties(
  properties: Properties,
  patch: Readonly<Record<string, string | null>>,
): Properties {
  const merged = new Map<string, string>(Object.entries(properties))
  for (const [name, value] of Object.entries(patch)) {
    if (value !== null) merged.set(name, value)
    else if (RESERVED.has(name)) checkPropertyName(name)
    else merged.delete(name)
  }
  return Object.fromEntries(merged)
}

export function sameProperties(left: Properties, right: Properties): boolean {
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && left[name] === right[name])
  )
}

/** Under which key a resource is stored: its primary key where its type has one, else its id. */
export function storedKey(
  primaryKey: string | undefined,
  id: string,
  properties: Properties,
): string {
  if (primaryKey === undefined) return keyOfId(id)
  const value = Object.hasOwn(properties, primaryKey) ? (properties[primaryKey] as string) : ''
  if (value === '') {
    const message = `"${primaryKey}" tells resources of this type apart and must not be empty.`
    throw invalidArgument(message, { field: `properties.${primaryKey}` })
  }
  const key = keyOfPrimary(value)
  checkText('primary key', key, RESOURCE_LIMITS.keyBytes)
  return key
}
