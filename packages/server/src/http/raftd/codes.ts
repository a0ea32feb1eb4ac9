/**
 * What went wrong, in the statuses of this protocol.
 *
 * @module
 */

import type { RegistryError } from '@rollcall/protocol'
import { PLAIN_STATUS_OF } from '../plain-status.ts'

/** What the original says of a lease that is not there, or no longer; its clients may look for it. */
const NO_LEASE = 'can not find this Lease'

/** What stands for a failure on the wire. */
export interface Refusal {
  readonly status: number
  /** Absent: the body is empty. */
  readonly body?: string
}

/**
 * Words a failure as the original does: wrong parameters are `null`, everything else is a string
 * of JSON. A key that is not there has no body, so that what is saved from it is empty as ever.
 */
export function refusalOf({ code, message }: RegistryError): Refusal {
  const status = PLAIN_STATUS_OF[code]
  if (code === 'key_not_found') return { status }
  if (code === 'lease_not_found') return { status, body: JSON.stringify(NO_LEASE) }
  return { status, body: status === 400 ? 'null' : JSON.stringify(message) }
}
