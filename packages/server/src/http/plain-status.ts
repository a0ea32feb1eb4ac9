/**
 * The statuses of protocols that are older than ours and know but a few: what their clients have
 * no case for is told by the nearest that they do.
 *
 * @module
 */

import type { ErrorCode } from '@rollcall/protocol'
import { STATUS_OF } from './problem.ts'

export const PLAIN_STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  ...STATUS_OF,
  not_acceptable: 400,
  unsupported_media_type: 400,
  ambiguous_zone: 400,
  schema_violation: 400,
  lease_lost: 404,
  compacted: 500,
  outcome_unknown: 500,
  too_many_watchers: 503,
}
