/**
 * Whole numbers as options and arguments: revisions, ids of leases.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'

/** Makes what reads an option as a whole number, 0 or more. */
export function wholeNumber(what: string): (text: string) => number {
  return (text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (Number.isSafeInteger(number)) return number
    throw invalidArgument(`${what} must be a whole number, not "${text}".`)
  }
}

/** Reads the id of a lease. */
export function leaseId(text: string): number {
  const id = wholeNumber('The id of a lease')(text)
  if (id > 0) return id
  throw invalidArgument('The id of a lease is above 0.')
}
