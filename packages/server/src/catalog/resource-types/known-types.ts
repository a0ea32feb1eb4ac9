/**
 * The types that every registry knows, and the property that tells their resources apart in one
 * namespace.
 *
 * @module
 */

export const MACHINE = 'machine'
/** The property by which machines are known. */
export const HOSTNAME = 'hostname'

export const KNOWN_TYPES: ReadonlyMap<string, string> = new Map([
  ['alarm', 'name'],
  ['collect', 'name'],
  ['deploy', 'name'],
  [MACHINE, HOSTNAME],
])
