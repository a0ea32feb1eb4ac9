/**
 * What an entry of a cache of answers weighs. Clients choose the keys (a filter may be as long
 * as a URL), so these count as much as what is kept under them.
 *
 * @module
 */

/** Objects, functions and the place in the cache, as measured with answers of a few bytes. */
const ENTRY_BYTES = 1_024

/** Bytes that an answer of `length` under a key takes, its compressed form included. */
export function cacheWeight(key: string, length: number): number {
  return ENTRY_BYTES + 2 * (key.length + length)
}
