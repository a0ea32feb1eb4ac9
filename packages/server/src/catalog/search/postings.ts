/**
 * The rows that have one value. Nearly every value has one or a few rows, a few have half of
 * them all: so a single row stands for itself, some are a list, and many are kept in the order of
 * hits, so that a page begins anywhere without looking at what comes before.
 *
 * @module
 */

import { OrderedMap } from '../ordered-map.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import { placedRows, type PlacedRows } from './row-order.ts'

/** A list is in no order. */
export type Postings = ResourceRow | ResourceRow[] | PlacedRows

/** Above it, rows are kept in order. */
const LIST_MAX = 16

export interface Placed {
  readonly place: number
  readonly row: ResourceRow
}

/** Adds a row, or puts it in the place of `before`. `placeOf` tells the places of those that are there. */
export function withRow(
  postings: Postings | undefined,
  { place, row, before }: Placed & { readonly before: ResourceRow | undefined },
  placeOf: (row: ResourceRow) => number,
): Postings {
  if (postings === undefined || postings === before) return row
  if (postings instanceof OrderedMap) {
    postings.set(place, row)
    return postings
  }
  const list = Array.isArray(postings) ? postings : [postings]
  const at = before ? list.indexOf(before) : -1
  if (at >= 0) list[at] = row
  else list.push(row)
  if (list.length <= LIST_MAX) return list
  const ordered = placedRows()
  for (const one of list) ordered.set(one === row ? place : placeOf(one), one)
  return ordered
}

/** Undefined when nothing is left. */
export function withoutRow(postings: Postings, { place, row }: Placed): Postings | undefined {
  if (postings instanceof OrderedMap) {
    postings.delete(place)
    return postings.size > 0 ? postings : undefined
  }
  if (!Array.isArray(postings)) return postings === row ? undefined : postings
  const at = postings.indexOf(row)
  if (at >= 0) postings.splice(at, 1)
  return postings.length > 0 ? postings : undefined
}

export function countOf(postings: Postings | undefined): number {
  if (postings === undefined) return 0
  if (postings instanceof OrderedMap) return postings.size
  return Array.isArray(postings) ? postings.length : 1
}
