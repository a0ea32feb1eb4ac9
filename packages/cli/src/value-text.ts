/**
 * Values as people see them.
 *
 * @module
 */

const TEXT_MAX_LENGTH = 256
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Short text in quotes; of everything else only how much it is. */
export function valueText(value: Uint8Array): string {
  try {
    const text = UTF8.decode(value)
    if (text.length <= TEXT_MAX_LENGTH) return JSON.stringify(text)
  } catch {
    // Not text.
  }
  return value.length === 1 ? '1 byte' : `${value.length} bytes`
}

/** As it is on the wire. */
export function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
