/**
 * Values inside JSON (RFC 4648, section 4).
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'

/** Throws `invalid_argument` for a text that is not base64 in its one proper form. */
export function bytesOf(text: string, field: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  // Node skips what it does not understand, and half of a value would be kept.
  if (bytes.toString('base64') === text) return bytes
  throw invalidArgument(`${field} is not base64 with padding.`, { field })
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
