/**
 * Values as callers have them.
 *
 * @module
 */

/** Bytes, or text that is kept as UTF-8. */
export type Value = Uint8Array | string

export function bytesOf(value: Value): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value
}

export function base64Of(value: Value): string {
  const bytes = bytesOf(value)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
