/**
 * Writes whose answer was lost.
 *
 * A node remembers by their keys what it did itself, across restarts too. So the one that may have
 * done a write is asked again, and no other: that one would do it a second time.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol'
import { Backoff, type Clock, type Random } from '@rollcall/runtime'
import { reasonOf } from './linked-signal.ts'
import { worthAnotherServer } from './problems.ts'

const FIRST_MS = 50
const MAX_MS = 1_000

export interface AskAgainOptions {
  readonly clock: Clock
  readonly random: Random
  /** Monotonic. */
  readonly untilMs: number
  readonly signal: AbortSignal
}

/**
 * Asks until there is an answer. Throws a refusal that answers the question, the reason of
 * `signal` when that aborts, and `outcome_unknown` when time is up; `lost` is what came of the
 * first time.
 */
export async function askAgain<T>(
  ask: () => Promise<T>,
  lost: RegistryError,
  { clock, random, untilMs, signal }: AskAgainOptions,
): Promise<T> {
  const backoff = new Backoff({ firstMs: FIRST_MS, maxMs: MAX_MS, random })
  let cause: unknown = lost
  for (;;) {
    const waitMs = backoff.nextMs()
    if (clock.monotonicMs() + waitMs >= untilMs) throw outcomeUnknown(cause)
    if (!(await clock.sleep(waitMs, signal))) throw reasonOf(signal)
    try {
      return await ask()
    } catch (error) {
      if (signal.aborted || !worthAnotherServer(error)) throw error
      cause = error
    }
  }
}

function outcomeUnknown(cause: unknown): RegistryError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `The write may have been done; the server that would know does not say: ${reason}`
  return new RegistryError('outcome_unknown', message, { cause })
}
