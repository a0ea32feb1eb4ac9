/**
 * Keys by which the registry knows a write that it has seen before.
 *
 * @module
 */

import type { Random } from '@rollcall/runtime'

const WORDS = 4
const WORD = 2 ** 32
const WORD_DIGITS = 8

/** Draws 128 bits as hexadecimal digits. */
export function drawIdempotencyKey(random: Random): string {
  return Array.from({ length: WORDS }, () =>
    Math.floor(random() * WORD)
      .toString(16)
      .padStart(WORD_DIGITS, '0'),
  ).join('')
}
