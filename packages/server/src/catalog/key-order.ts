/**
 * The order of keys: by their UTF-8 bytes, which is the order of their code points. JavaScript
 * compares UTF-16 units, which differs above the basic plane.
 *
 * @module
 */

const SURROGATES_FROM = 0xd8_00
const AFTER_SURROGATES = 0xe0_00

/** Less than, equal to or greater than 0, as `left` stands before, at or after `right`. */
export function compareKeys(left: string, right: string): number {
  if (left === right) return 0
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at += 1) {
    const one = left.charCodeAt(at)
    const other = right.charCodeAt(at)
    if (one !== other) return isAstral(one) === isAstral(other) ? one - other : astralLast(one)
  }
  return left.length - right.length
}

/** Half of a character above the basic plane. */
function isAstral(unit: number): boolean {
  return unit >= SURROGATES_FROM && unit < AFTER_SURROGATES
}

function astralLast(unit: number): number {
  return isAstral(unit) ? 1 : -1
}
