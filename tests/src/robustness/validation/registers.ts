/**
 * Whether the calls on a key can be those of a register.
 *
 * @module
 */

import { isKnown, type Call } from '../model/call.ts'
import { REGISTER, type RegisterOperation, type Value } from '../model/register.ts'
import { checkLinearizability, type Linearizability } from './linearizability.ts'

/**
 * As `checkLinearizability`, and faster where many writes were lost. Those whose values nobody has
 * seen need not have happened, so it tries without them first.
 */
export function checkRegister(
  calls: readonly Call<RegisterOperation>[],
): Linearizability<RegisterOperation> {
  const seen = new Set(calls.flatMap(({ operation }) => seenBy(operation)))
  const without = calls.filter((call) => {
    const { operation } = call
    const isWrite = operation.kind === 'put' || operation.kind === 'swap'
    return isKnown(call) || !isWrite || seen.has(operation.value)
  })
  const quick = checkLinearizability(REGISTER, without)
  if (quick.kind === 'linearizable' || without.length === calls.length) return quick
  return checkLinearizability(REGISTER, calls)
}

function seenBy(operation: RegisterOperation): readonly Value[] {
  if (operation.kind === 'get') return [operation.found]
  return operation.kind === 'swap' ? [operation.expected] : []
}
