/**
 * Looking for resources by what they say.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Resource } from './resource.ts'

export const SEARCH_MODES = ['exact', 'prefix', 'contains', 'regex'] as const
export type SearchMode = (typeof SEARCH_MODES)[number]

export const SearchHit = Type.Object({
  ...Resource.properties,
  matched: Type.Array(Type.String(), { description: 'The properties that matched.' }),
})
export type SearchHit = Static<typeof SearchHit>

export const SearchAnswer = Type.Object({
  hits: Type.Array(SearchHit),
  next: Type.Union([Type.String(), Type.Null()]),
  tookMs: Type.Number(),
  scanned: Type.Integer({
    description: 'How many values were looked at, where the index had no answer.',
  }),
})
export type SearchAnswer = Static<typeof SearchAnswer>
