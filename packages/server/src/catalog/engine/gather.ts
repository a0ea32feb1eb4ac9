/**
 * How an engine waits for those who are about to write.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { turn } from './slices.ts'

/** How long a group waits at most for as many as this share of the one before. */
const GATHER = { ms: 1, turns: 100, share: 0.75 }

/**
 * What arrives in this turn of the event loop joins the group. After a group of many their
 * writers come back one after the other: the first must not have the engine to itself while the
 * others wait for it. Whoever writes alone waits for nobody.
 */
export async function gather(
  clock: Pick<Clock, 'after' | 'monotonicMs'>,
  waiting: () => number,
  lastSize: number,
): Promise<void> {
  const enough = lastSize * GATHER.share
  const untilMs = clock.monotonicMs() + GATHER.ms
  let turns = 0
  do {
    await turn(clock)
    turns += 1
  } while (
    waiting() > 0 &&
    waiting() < enough &&
    turns < GATHER.turns &&
    clock.monotonicMs() < untilMs
  )
}
