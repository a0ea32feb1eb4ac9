/**
 * What a watch asks for: which services, keys and namespaces, and from
 * where on.
 *
 * @module
 */

import { LIMITS, Name, Revision, invalidArgument, limitExceeded } from '@rollcall/protocol'
import { Type, type Static } from 'typebox'
import type { ServiceKey } from '../../model/instance-key.ts'
import { filteredQuery } from '../instance-filter.ts'
import { PathSet } from './path-set.ts'
import { PrefixSet } from './prefix-set.ts'

const Prefix = Type.String()
const Path = Type.String()

export const WatchQuery = filteredQuery({
  service: Type.Optional(
    Type.Union([Name, Type.Array(Name)], { description: 'Up to 256, repeated.' }),
  ),
  kv: Type.Optional(
    Type.Union([Prefix, Type.Array(Prefix)], {
      description: 'How the keys begin; up to 16, repeated.',
    }),
  ),
  ns: Type.Optional(
    Type.Union([Path, Type.Array(Path)], {
      description: 'Paths of namespaces; up to 16, repeated.',
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
      description: 'The revision of the keys and namespaces that you have; an id wins over it.',
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

/** The prefixes; undefined where no keys are watched. Throws `limit_exceeded`. */
export function prefixesOf({ kv }: WatchQuery): PrefixSet | undefined {
  const prefixes = kv === undefined ? [] : [kv].flat()
  if (prefixes.length > LIMITS.watchPrefixesMax) {
    throw limitExceeded('prefixes in one watch', LIMITS.watchPrefixesMax, prefixes.length)
  }
  return prefixes.length > 0 ? new PrefixSet(prefixes) : undefined
}

/** The paths; undefined where no namespaces are watched. Throws `limit_exceeded`. */
export function pathsOf({ ns }: WatchQuery): PathSet | undefined {
  const paths = ns === undefined ? [] : [ns].flat()
  if (paths.length > LIMITS.watchPathsMax) {
    throw limitExceeded('namespaces in one watch', LIMITS.watchPathsMax, paths.length)
  }
  return paths.length > 0 ? new PathSet(paths) : undefined
}

/** Throws `invalid_argument` for a revision of nothing that is watched. */
export function checkFrom({ kv, ns, from }: WatchQuery): void {
  if (from === undefined || kv !== undefined || ns !== undefined) return
  const message = '"from" is a revision of keys and namespaces; say which with "kv" or "ns".'
  throw invalidArgument(message, { field: 'query' })
}
