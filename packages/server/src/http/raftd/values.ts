/**
 * What is kept under a key of a lease, as it stands in an answer.
 *
 * @module
 */

/**
 * The value as JSON. JSON passes digit for digit, since a client's ids may not fit a double. Any
 * other text becomes a string.
 */
export function jsonOf(value: Uint8Array): string {
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
  if (isJson(text)) return text
  // The original's README quotes for a shell twice over, `'data={\"weight\":1}'`, and says that
  // an object comes back.
  const unquoted = text.replaceAll('\\"', '"')
  return text.startsWith('{') && isJson(unquoted) ? unquoted : JSON.stringify(text)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
