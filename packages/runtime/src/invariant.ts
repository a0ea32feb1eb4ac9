/**
 * What must hold, said where it must hold.
 *
 * @module
 */

/** Throws when a condition does not hold: a bug, never an expected failure. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${message}`)
}
