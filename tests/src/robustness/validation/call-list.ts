/**
 * The invocations and answers of a history in the order of time, as a list from which calls can be
 * taken out and put back where they were.
 *
 * @module
 */

import { isKnown, type Call } from '../model/call.ts'

/** One end of a call. The first of the list, before all, is of none. */
export interface Entry {
  /** Which call of the history; -1 for the first of the list. */
  readonly at: number
  readonly kind: 'invoked' | 'returned'
  /** The other end, for an invocation that was answered. */
  answer: Entry | undefined
  previous: Entry | undefined
  next: Entry | undefined
}

/** Answers the entry before all others. What ends and what begins at one time overlap. */
export function listOf(calls: readonly Call<unknown>[]): Entry {
  const timed: { readonly ms: number; readonly entry: Entry }[] = []
  for (const [at, call] of calls.entries()) {
    const invoked = entryOf(at, 'invoked')
    timed.push({ ms: call.invokedMs, entry: invoked })
    if (!isKnown(call)) continue
    invoked.answer = entryOf(at, 'returned')
    timed.push({ ms: call.returnedMs, entry: invoked.answer })
  }
  const rank = ({ entry }: { entry: Entry }) => (entry.kind === 'invoked' ? 0 : 1)
  timed.sort((left, right) => left.ms - right.ms || rank(left) - rank(right))
  const first = entryOf(-1, 'invoked')
  let last = first
  for (const { entry } of timed) {
    entry.previous = last
    last.next = entry
    last = entry
  }
  return first
}

/** Takes a call out, both ends of it. */
export function takeOut(invoked: Entry): void {
  unlink(invoked)
  if (invoked.answer) unlink(invoked.answer)
}

/** Puts back the call that was taken out last. */
export function putBack(invoked: Entry): void {
  if (invoked.answer) link(invoked.answer)
  link(invoked)
}

function unlink({ previous, next }: Entry): void {
  if (previous) previous.next = next
  if (next) next.previous = previous
}

function link(entry: Entry): void {
  if (entry.previous) entry.previous.next = entry
  if (entry.next) entry.next.previous = entry
}

function entryOf(at: number, kind: Entry['kind']): Entry {
  return { at, kind, answer: undefined, previous: undefined, next: undefined }
}
