/**
 * A key as a register. Every write has a value of its own, so a value stands for the revision at
 * which it was written, and a compare-and-set by revision is one by value.
 *
 * @module
 */

import type { SequentialModel } from './sequential-model.ts'

/** Null: the key is not there. */
export type Value = string | null

export type RegisterOperation =
  | { readonly kind: 'put'; readonly value: string }
  /** Puts where it finds what is expected; `matched` is its answer, and means nothing when that is unknown. */
  | {
      readonly kind: 'swap'
      readonly expected: Value
      readonly value: string
      readonly matched: boolean
    }
  /** `found` as above. */
  | { readonly kind: 'delete'; readonly found: boolean }
  | { readonly kind: 'get'; readonly found: Value }

export const REGISTER: SequentialModel<Value, RegisterOperation> = {
  initial: null,
  apply(state, operation, isKnown) {
    if (operation.kind === 'put') return operation.value
    if (operation.kind === 'get') {
      return isKnown && operation.found !== state ? undefined : state
    }
    if (operation.kind === 'delete') {
      return isKnown && operation.found !== (state !== null) ? undefined : null
    }
    const matches = state === operation.expected
    if (isKnown && matches !== operation.matched) return undefined
    return matches ? operation.value : state
  },
}
