/**
 * Long work that lets heartbeats through.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'

/** What is done before others get their turn. */
export const SLICE = 2_000

/** Lets the event loop turn once. */
export function turn(clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise((resolve) => {
    clock.after(0, resolve)
  })
}

/** Does something to each item; after every 2,000 the event loop turns. */
export async function inSlices<T>(
  clock: Pick<Clock, 'after'>,
  items: Iterable<T>,
  act: (item: T) => void,
): Promise<void> {
  let done = 0
  for (const item of items) {
    act(item)
    done += 1
    if (done % SLICE === 0) await turn(clock)
  }
}
