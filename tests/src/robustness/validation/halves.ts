/**
 * Whether a set that is kept in two halves was always seen whole: each element in both or in
 * neither, none lost that was acknowledged, none gone that was seen, none that nobody added.
 *
 * @module
 */

import type { Call } from '../model/call.ts'
import type { HalvesOperation } from '../model/halves.ts'

/** Since when an element must be there. */
interface Added {
  readonly invokedMs: number
  sinceMs: number
}

/** Answers all that is wrong, in words. The last reads are made when nobody adds any more. */
export function judgeHalves(calls: readonly Call<HalvesOperation>[]): readonly string[] {
  const elements = new Map<string, Added>()
  for (const { operation, invokedMs, returnedMs } of calls) {
    if (operation.kind === 'add') {
      elements.set(operation.element, { invokedMs, sinceMs: returnedMs })
    }
  }
  const problems: string[] = []
  for (const { operation, returnedMs } of calls) {
    if (operation.kind !== 'read') continue
    for (const element of operation.left) {
      const added = elements.get(element)
      if (!added || added.invokedMs > returnedMs) problems.push(`nobody had added ${element}`)
      else added.sinceMs = Math.min(added.sinceMs, returnedMs)
    }
  }
  for (const { operation, invokedMs } of calls) {
    if (operation.kind !== 'read') continue
    const { left, right } = operation
    for (const element of new Set([...left, ...right])) {
      if (left.has(element) && right.has(element)) continue
      problems.push(`${element} was in one half only, at ${Math.round(invokedMs)} ms`)
    }
    for (const [element, { sinceMs }] of elements) {
      if (sinceMs >= invokedMs || left.has(element)) continue
      problems.push(`${element} was gone at ${Math.round(invokedMs)} ms`)
    }
  }
  return problems
}
