/**
 * How many renewals fit into one request.
 *
 * @module
 */

import { LIMITS } from '@rollcall/protocol'
import type { Renewable } from './registration-table.ts'

/** The server takes 4 MiB; what is around the items needs a little of it. */
const BATCH_MAX_BYTES = 4 * 1024 * 1024 - 1024

/** Splits renewals into requests that the server takes: 10,000 items, 4 MiB. */
export function renewalBatches(all: readonly Renewable[]): readonly (readonly Renewable[])[] {
  const batches: Renewable[][] = []
  let batch: Renewable[] = []
  let bytes = 0
  for (const renewable of all) {
    // Names are ASCII, so characters are bytes; one more for the comma.
    const size = JSON.stringify(renewable.item).length + 1
    if (batch.length === LIMITS.heartbeatsMax || bytes + size > BATCH_MAX_BYTES) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(renewable)
    bytes += size
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
