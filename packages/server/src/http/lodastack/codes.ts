/**
 * What went wrong, in the statuses and words of this protocol.
 *
 * @module
 */

import type { ErrorCode, RegistryError } from '@rollcall/protocol'

/** What the original says, where people or programs may know it by heart. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  not_empty: 'not allow to be delete',
}

/** Words a failure. */
export function messageOf({ code, message }: RegistryError): string {
  const words = WORDS[code]
  return words === undefined ? message : `${words}: ${message}`
}
