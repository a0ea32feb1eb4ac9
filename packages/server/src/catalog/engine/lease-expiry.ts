/**
 * Ends leases whose deadlines have passed, though not on the word of a clock alone: a process
 * that stood still finds deadlines passed whose renewals wait in its sockets, unread.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import type { Due, LeaseBook } from './lease-book.ts'

/** How often the loop is looked at. */
const LOOK_MS = 250
/** Later than this, the process stood still. */
const STALL_MS = 250
/** What waited gets this long to be taken in. */
const GRACE_MS = 500
/** Ended in one go. */
const SLICE = 1_000

export interface LeaseExpiryOptions {
  readonly clock: Clock
  readonly book: LeaseBook
  /**
   * Ends those that are still due, each with its keys in one revision, and hands the others back
   * to the book. Answers false when it could not at present.
   */
  readonly end: (due: readonly Due[]) => Promise<boolean>
}

/** Runs until `signal` aborts. */
export async function expireLeases(
  { clock, book, end }: LeaseExpiryOptions,
  signal: AbortSignal,
): Promise<void> {
  let trustedFromMs = Number.NEGATIVE_INFINITY
  let waitMs = 0
  for (;;) {
    const sinceMs = clock.monotonicMs()
    if (!(await clock.sleep(waitMs, signal))) return
    // A timer rings before sockets are read: what they hold counts first.
    if (!(await clock.sleep(0, signal))) return
    const nowMs = clock.monotonicMs()
    if (nowMs - sinceMs - waitMs > STALL_MS) trustedFromMs = nowMs + GRACE_MS
    waitMs = LOOK_MS
    if (nowMs < trustedFromMs) continue
    const canEnd = await end(takeDue(book))
    const nextMs = book.nextMs()
    if (canEnd && nextMs !== undefined) {
      waitMs = Math.min(LOOK_MS, Math.max(0, nextMs - clock.monotonicMs()))
    }
  }
}

function takeDue(book: LeaseBook): Due[] {
  const due: Due[] = []
  while (due.length < SLICE) {
    const one = book.takeDue()
    if (!one) break
    due.push(one)
  }
  return due
}
