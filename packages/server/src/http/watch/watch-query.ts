/**
 * What a watch asks for: which services, which keys, and from where on.
 *
 * @module
 */

import { LIMITS, Name, Revision, invalidArgument, limitExceeded } from '@rollcall/protocol'
import { Type, type Static } from 'typebox'
import type { ServiceKey } from '../../model/instance-key.ts'
import { filteredQuery } from '../instance-filter.ts'
import { PrefixSet } from './prefix-set.ts'

const Prefix = Type.String()

export const WatchQuery = filteredQuery({
  service: Type.Optional(
    Type.Union([Name, Type.Array(Name)], { description: 'Up to 256, repeated.' }),
  ),
  kv: Type.Optional(
    Type.Union([Prefix, Type.Array(Prefix)], {
      description: 'How the keys begin; up to 16, repeated.',
    }),
  ),
  env: Type.Optional(Name),
  after: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'The id of the last event you have; the header Last-Event-ID wins over it.',
    }),
  ),
  from: Type.Optional(
    Type.Integer({
      ...Revision,
      description: 'The revision of the keys that you have; an id wins over it.',
    }),
  ),
})
export type WatchQuery = Static<typeof WatchQuery> & { readonly [metadata: string]: unknown }

/** The services, each once. Throws `limit_exceeded`. */
export function keysOf({ service = [], env }: WatchQuery, nodeEnv: string): ServiceKey[] {
  const names = [...new Set([service].flat())]
  if (names.length > LIMITS.watchServicesMax) {
    throw limitExceeded('services in one watch', LIMITS.watchServicesMax, names.length)
  }
  return names.map((name) => ({ env: env ?? nodeEnv, service: name }))
}

/** The prefixes; undefined where no keys are watched. Throws `limit_exceeded`, `invalid_argument`. */
export function prefixesOf({ kv, from }: WatchQuery): PrefixSet | undefined {
  const prefixes = kv === undefined ? [] : [kv].flat()
  if (prefixes.length > LIMITS.watchPrefixesMax) {
    throw limitExceeded('prefixes in one watch', LIMITS.watchPrefixesMax, prefixes.length)
  }
  if (prefixes.length > 0) return new PrefixSet(prefixes)
  if (from === undefined) return undefined
  throw invalidArgument('"from" is a revision of keys; say which with "kv".', { field: 'query' })
}
