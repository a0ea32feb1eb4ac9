/**
 * What a key may be.
 *
 * @module
 */

import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import { COMMIT_LIMITS } from './limits.ts'

/** Half of a character: it has no UTF-8, so it would come back as another key. */
const LONE_SURROGATE = /\p{Surrogate}/u
/** No character needs more bytes of UTF-8 per unit of UTF-16. */
const MOST_BYTES_PER_UNIT = 3

/** Throws `invalid_argument` or `limit_exceeded` when no key can be like this. Answers its bytes. */
export function checkKey(key: string): number {
  if (key === '') throw invalidArgument('A key is empty; give it at least one character.')
  return checkPrefix(key)
}

/** As `checkKey`; the empty prefix is that of every key. */
export function checkPrefix(prefix: string): number {
  const bytes = byteLength(prefix)
  if (bytes > COMMIT_LIMITS.keyBytes)
    throw limitExceeded('key bytes', COMMIT_LIMITS.keyBytes, bytes)
  if (LONE_SURROGATE.test(prefix)) {
    throw invalidArgument('A key holds half a surrogate pair; send well-formed Unicode.')
  }
  return bytes
}

/** Long text is not measured to the end: its units alone are too many. */
function byteLength(text: string): number {
  return text.length > COMMIT_LIMITS.keyBytes * MOST_BYTES_PER_UNIT
    ? text.length
    : Buffer.byteLength(text)
}
