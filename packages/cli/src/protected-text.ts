/**
 * Protection, for people.
 *
 * @module
 */

import type { Protected } from '@rollcall/protocol'
import { timeText } from './output.ts'

/** Says in a sentence what protection holds; undefined when it holds nothing. */
export function protectedText(given: Protected): string | undefined {
  if (given === null) return undefined
  const { reason, since, held, endsAt } = given
  const times = `since ${timeText(since)}, until ${timeText(endsAt)} at the latest`
  return `Protected (${reason}): ${held} held past their deadline ${times}.`
}
