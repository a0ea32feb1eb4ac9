/**
 * Telling trouble from the ordinary in what a server logs.
 *
 * @module
 */

/** A busy machine makes every process stand still now and then; a node says so, and rightly. */
const STALL = 'the event loop stalled'

/** Lines that nobody wants to see after a good run: warnings, errors, and what is no log line. */
export function complaintsIn(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.includes('"level":"info"') && !line.includes(STALL))
}
