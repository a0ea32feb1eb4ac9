/**
 * Lists as a text with commas, as parameters of this protocol have them.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'

const SEPARATOR = ','

/** The items of a list, each once, without what is blank. */
export function itemsOf(text: string): readonly string[] {
  const items = text.split(SEPARATOR).map((item) => item.trim())
  return [...new Set(items)].filter((item) => item !== '')
}

/** The ids of a list. Throws `invalid_argument` where there is none. */
export function idsOf(text: string): readonly string[] {
  const ids = itemsOf(text)
  if (ids.length > 0) return ids
  throw invalidArgument('resourceid is missing.', { field: 'resourceid' })
}
