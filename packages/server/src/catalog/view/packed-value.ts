/**
 * Values as the view keeps them. An array of bytes costs several hundred bytes beside its own,
 * and one that was cut from a request holds on to all that it was cut from; text of one byte a
 * character costs next to nothing. Half a million small values are what this is for.
 *
 * @module
 */

/** Bytes, or text in which each character is one. */
export type PackedValue = string | Uint8Array

/** Bigger ones stay bytes, outside of the heap: there the surplus is small. */
const TEXT_MAX_BYTES = 1_024

export function packValue(value: Uint8Array): PackedValue {
  if (value.length <= TEXT_MAX_BYTES) {
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')
  }
  const isCut = value.buffer.byteLength > value.length
  return isCut ? new Uint8Array(value) : value
}

export function unpackValue(packed: PackedValue): Uint8Array {
  if (typeof packed !== 'string') return packed
  const bytes = Buffer.from(packed, 'latin1')
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
