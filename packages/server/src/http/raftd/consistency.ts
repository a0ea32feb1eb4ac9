/**
 * How fresh a read has to be, in the words of this protocol.
 *
 * @module
 */

import type { ReadQuery } from '../../catalog/index.ts'

const STALE: ReadQuery = { consistency: 'view' }
const FRESH: ReadQuery = { consistency: 'linearizable' }

/**
 * `level=stale` is answered from what this node has, also while it is cut off. `consistent`, as
 * well as `default` and everything else, sees every write that was answered before: the original's
 * leader promises as much for both, as long as no other leads.
 */
export function consistencyOf(url: string): ReadQuery {
  const queryAt = url.indexOf('?')
  if (queryAt < 0) return FRESH
  const level = new URLSearchParams(url.slice(queryAt + 1)).get('level') ?? ''
  return level.trim().toLowerCase() === 'stale' ? STALE : FRESH
}
