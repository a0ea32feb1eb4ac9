/**
 * How an engine waits for those who are about to write.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { turn } from './slices.ts'

/** Most of those before, and how long they are waited for. */
const MOST = { share: 0.75, ms: 1 }
/** A clock that stands still ends the wait after so many turns. */
const TURNS = 100

export interface GatherOptions {
  /** How many are waited for. */
  readonly enough: number
  /** How long at most. */
  readonly mostMs: number
}

/** Waits a millisecond at most for most of as many as there were before. */
export function mostOf(lastSize: number): GatherOptions {
  return { enough: lastSize * MOST.share, mostMs: MOST.ms }
}

/**
 * What arrives in this turn of the event loop joins the group. After a group of many their
 * writers come back one after the other: the first must not have the engine to itself while the
 * others wait for it.
 */
export async function gather(
  clock: Pick<Clock, 'after' | 'monotonicMs'>,
  waiting: () => number,
  { enough, mostMs }: GatherOptions,
): Promise<void> {
  const untilMs = clock.monotonicMs() + mostMs
  let turns = 0
  do {
    await turn(clock)
    turns += 1
  } while (waiting() > 0 && waiting() < enough && turns < TURNS && clock.monotonicMs() < untilMs)
}
