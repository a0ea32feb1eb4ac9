/**
 * How long a long poll waits.
 *
 * @module
 */

/** `30s`, `500ms`, `2m`; a plain number is milliseconds. */
export const WAIT_PATTERN = '^[0-9]{1,9}(ms|s|m)?$'

const WAIT = new RegExp(WAIT_PATTERN)
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 }

/** Milliseconds of a wait, 0 where none is given, at most `maxMs`. */
export function parseWait(text: string | undefined, maxMs: number): number {
  if (text === undefined) return 0
  const [, unit = 'ms'] = WAIT.exec(text) ?? []
  return Math.min(Number.parseInt(text, 10) * (UNITS[unit] ?? 1), maxMs)
}
