/**
 * Doing something so many times a second.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'

/**
 * Acts again and again until `signal` aborts, never twice at a time. What a slow answer has held
 * up is not made up for: a churn that hurries after a pause would be another load.
 */
export async function steadily(
  perSecond: number,
  signal: AbortSignal,
  act: () => Promise<void>,
): Promise<void> {
  const everyMs = 1_000 / perSecond
  let dueMs = systemClock.monotonicMs()
  while (await systemClock.sleep(dueMs - systemClock.monotonicMs(), signal)) {
    await act()
    dueMs = Math.max(dueMs + everyMs, systemClock.monotonicMs())
  }
}

/** Waits, however long that is. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await systemClock.sleep(ms, signal)
}
