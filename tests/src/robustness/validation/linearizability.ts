/**
 * Whether the calls on one object can be put in one order that keeps that of time and that the
 * object's model can have answered so. The search of Wing and Gong ("Testing and Verifying
 * Concurrent Objects", 1993) with the memory of Lowe ("Testing for Linearizability", 2017): what
 * has been tried from the same state with the same calls done is not tried again.
 *
 * @module
 */

import { isKnown, type Call } from '../model/call.ts'
import type { SequentialModel } from '../model/sequential-model.ts'
import { listOf, putBack, takeOut, type Entry } from './call-list.ts'

/** Far more than any history needs that has an order at all; a minute's work. */
const STEPS_MAX = 20_000_000
const BITS = 32

export type Linearizability<Operation> =
  | { readonly kind: 'linearizable'; readonly steps: number }
  /** The longest order that was found, and a call that could not follow it. */
  | {
      readonly kind: 'violated'
      readonly order: readonly Call<Operation>[]
      readonly stuckAt: Call<Operation>
    }
  /** The search was given up. */
  | { readonly kind: 'undecided'; readonly steps: number }

/**
 * Checks one object. A call without a known answer may take effect at any time after it was
 * invoked, or never.
 */
export function checkLinearizability<State extends string | null, Operation>(
  model: SequentialModel<State, Operation>,
  calls: readonly Call<Operation>[],
  stepsMax = STEPS_MAX,
): Linearizability<Operation> {
  const first = listOf(calls)
  const done = new Uint32Array(Math.ceil(calls.length / BITS))
  const tried = new Set<string>()
  const order: { readonly entry: Entry; readonly before: State }[] = []
  let state = model.initial
  let answersLeft = calls.filter(isKnown).length
  let longest: readonly number[] = []
  let stuckAt = 0
  let entry = first.next
  let steps = 0
  for (; answersLeft > 0; steps += 1) {
    if (steps >= stepsMax) return { kind: 'undecided', steps }
    if (!entry) throw new Error('the list ends only when all answers are taken out')
    if (entry.kind === 'invoked') {
      const call = callAt(calls, entry.at)
      const next = model.apply(state, call.operation, isKnown(call))
      flip(done, entry.at)
      if (next !== undefined && isNew(tried, done, next)) {
        order.push({ entry, before: state })
        state = next
        takeOut(entry)
        if (entry.answer) answersLeft -= 1
        entry = first.next
      } else {
        flip(done, entry.at)
        entry = entry.next
      }
      continue
    }
    // All that may come before this answer was tried, and its own call fits nowhere.
    if (longest.length <= order.length) {
      longest = order.map((step) => step.entry.at)
      stuckAt = entry.at
    }
    const last = order.pop()
    if (!last) {
      const found = longest.map((at) => callAt(calls, at))
      return { kind: 'violated', order: found, stuckAt: callAt(calls, stuckAt) }
    }
    state = last.before
    flip(done, last.entry.at)
    putBack(last.entry)
    if (last.entry.answer) answersLeft += 1
    entry = last.entry.next
  }
  return { kind: 'linearizable', steps }
}

function isNew(tried: Set<string>, done: Uint32Array, state: string | null): boolean {
  const key = `${done.join()}${state === null ? '' : `=${state}`}`
  const before = tried.size
  return tried.add(key).size > before
}

function flip(bits: Uint32Array, at: number): void {
  const word = Math.floor(at / BITS)
  bits[word] = (bits[word] ?? 0) ^ (1 << (at % BITS))
}

function callAt<Operation>(calls: readonly Call<Operation>[], at: number): Call<Operation> {
  const call = calls[at]
  if (!call) throw new Error(`there is no call ${at}`)
  return call
}
