/**
 * Which instances of a service a reader wants: `zone, status, tag, version, metadata.K`.
 *
 * @module
 */

import { InstanceStatus, LIMITS, Name } from '@rollcall/protocol'
import { Type, type Static, type TProperties } from 'typebox'
import { effectiveStatus, type ShownInstance } from '../instances/index.ts'

const FILTER_PROPERTIES = {
  zone: Type.Optional(Name),
  status: Type.Optional(InstanceStatus),
  tag: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.tagMaxLength })),
  version: Type.Optional(Type.String({ maxLength: LIMITS.versionMaxLength })),
}
const METADATA_PREFIX = 'metadata.'

/** A query with these properties and the filters, and nothing else. */
export function filteredQuery<P extends TProperties>(properties: P) {
  return Type.Object(
    { ...FILTER_PROPERTIES, ...properties },
    {
      additionalProperties: false,
      patternProperties: {
        '^metadata\\..+$': { type: 'string', description: 'The value of one pair of metadata.' },
      },
    },
  )
}

const FilterQuery = filteredQuery({})
export type FilterQuery = Static<typeof FilterQuery> & { readonly [metadata: string]: unknown }

export interface InstanceFilter {
  /** One text per filter: the same for the same filter; empty where everything fits. */
  readonly key: string
  fits(instance: ShownInstance): boolean
}

const EVERYTHING: InstanceFilter = { key: '', fits: () => true }

/** Reads the filters out of a validated query. */
export function instanceFilter(query: FilterQuery): InstanceFilter {
  const { zone, status, tag, version } = query
  const pairs = Object.entries(query)
    .filter(([name]) => name.startsWith(METADATA_PREFIX))
    .map(([name, value]): [string, string] => [name.slice(METADATA_PREFIX.length), String(value)])
    .sort(([left], [right]) => (left < right ? -1 : 1))
  const wanted = [zone, status, tag, version]
  if (pairs.length === 0 && wanted.every((value) => value === undefined)) return EVERYTHING
  return {
    key: JSON.stringify([wanted.map((value) => value ?? null), pairs]),
    fits: ({ zone: own, record }) => {
      const { content } = record
      return (
        (zone === undefined || own === zone) &&
        (status === undefined || effectiveStatus(record) === status) &&
        (tag === undefined || content.tags.includes(tag)) &&
        (version === undefined || content.version === version) &&
        pairs.every(([name, value]) => content.metadata[name] === value)
      )
    },
  }
}
