/**
 * A resource as the engine keeps it: JSON, its properties in the order of their names, so that
 * resources with the same names share one shape in memory.
 *
 * @module
 */

import type { Properties } from '../resource-catalog.ts'

interface Stored {
  readonly _id: string
  readonly props: Properties
}

export type ResourceRecord = Pick<Identified, 'id' | 'properties'>

interface Identified {
  readonly id: string
  readonly properties: Properties
}

export function encodeResource({ id, properties }: ResourceRecord): Uint8Array {
  const stored: Stored = { _id: id, props: inOrder(properties) }
  return Buffer.from(JSON.stringify(stored))
}

export function decodeResource(value: Uint8Array): ResourceRecord {
  const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString()
  const { _id: id, props: properties } = JSON.parse(text) as Stored
  return { id, properties }
}

function inOrder(properties: Properties): Properties {
  const names = Object.keys(properties).sort()
  return Object.fromEntries(names.map((name) => [name, properties[name] as string]))
}

/** Whether bytes are such a record: whoever takes them from outside looks first. */
export function isResource(value: Uint8Array): boolean {
  try {
    const { id, properties } = decodeResource(value) as { id: unknown; properties: unknown }
    const isMap =
      typeof properties === 'object' && properties !== null && !Array.isArray(properties)
    return (
      typeof id === 'string' &&
      id !== '' &&
      isMap &&
      Object.values(properties).every((text) => typeof text === 'string')
    )
  } catch {
    return false
  }
}
