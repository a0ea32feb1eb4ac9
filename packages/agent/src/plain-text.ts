/**
 * Text that came from a process and goes to a registry and a terminal.
 *
 * @module
 */

const ELLIPSIS = '…'

/**
 * Makes one line of a text: control characters (which could steer a terminal), line breaks
 * and invisible characters become blanks, and runs of blanks one.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\s]+/gu, ' ').trim()
}

/** Cuts a text to so many bytes of UTF-8, never inside a character, with `…` where it was cut. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  const roomBytes = maxBytes - Buffer.byteLength(ELLIPSIS)
  let cut = ''
  let usedBytes = 0
  for (const character of text) {
    usedBytes += Buffer.byteLength(character)
    if (usedBytes > roomBytes) break
    cut += character
  }
  return cut + ELLIPSIS
}

/** Cuts a text to so many characters, with `…` where it was cut. */
export function cutToLength(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : text.slice(0, maxLength - 1) + ELLIPSIS
}
