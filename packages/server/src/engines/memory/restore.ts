/**
 * Reads a whole source into memory, beside the content that is.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock } from '@rollcall/runtime'
import { RestoreCheck, type Restored } from '../../catalog/engine/restore-check.ts'
import { inSlices } from '../../catalog/engine/slices.ts'
import type { Restorable } from '../../catalog/engine.ts'

export interface ReadSource {
  readonly check: RestoreCheck
  readonly entries: readonly Restored[]
}

export async function readRestorable(
  source: Restorable,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ReadSource> {
  const check = new RestoreCheck(source)
  const entries: Restored[] = []
  for await (const page of source.pages()) {
    if (signal.aborted) throw calledOff()
    await inSlices(clock, page, ({ key, value, lease }) => {
      check.entry({ key, value, lease })
      entries.push({ key, value, lease })
    })
  }
  if (signal.aborted) throw calledOff()
  return { check, entries }
}

function calledOff(): RegistryError {
  const message = 'The restore was called off; nothing was changed.'
  return new RegistryError('unavailable', message, { details: { reason: 'called_off' } })
}
