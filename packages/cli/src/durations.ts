/**
 * Durations as people write them: `250`, `250ms`, `10s`, `5m`.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'

const DURATION = /^(\d{1,12})(ms|s|m)?$/

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 }

/** Reads a duration as milliseconds; without a unit it is milliseconds. `what` names it in the refusal. */
export function parseDuration(text: string, what: string): number {
  const [, count, unit = 'ms'] = DURATION.exec(text) ?? []
  const perUnit = MS_PER_UNIT[unit]
  if (count === undefined || perUnit === undefined) {
    throw invalidArgument(`${what} must be a duration such as 10s, 5m or 1500ms, not "${text}".`)
  }
  return Number(count) * perUnit
}

/** Shows a duration in the largest unit in which it is whole. */
export function formatDuration(ms: number): string {
  if (ms % 60_000 === 0 && ms > 0) return `${ms / 60_000} m`
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`
}
