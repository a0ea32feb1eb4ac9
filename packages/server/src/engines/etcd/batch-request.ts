/**
 * A batch as one transaction of etcd:
 *
 * ```
 * compare:  the generation is the one known, the lane is where this node left it
 * success:  put the lane;  each commit with its compares and its branches
 * failure:  look at both
 * ```
 *
 * @module
 */

import { GROUP, isWithinWidth, WIDTH_LIMIT, type BatchPart } from './cut-batch.ts'
import type { Place } from './generation.ts'
import { RESULT, TARGET, type ResponseOp, type TxnRequest, type TxnResponse } from './messages.ts'
import { grouped, unnest } from './nest.ts'
import type { Session } from './session.ts'
import { invariant } from '@rollcall/runtime'

export interface BatchRequest {
  /** What it leaves in the lane. */
  readonly id: string
  readonly putsLane: boolean
  /** Where the content lay when it was made. */
  readonly place: Place
  readonly request: TxnRequest
  /** The answers of each part, in their order. */
  readonly answers: (response: TxnResponse) => readonly (readonly ResponseOp[])[]
}

export function batchRequest(
  session: Session,
  parts: readonly BatchPart[],
  { putsLane } = { putsLane: true },
): BatchRequest {
  const id = session.nextBatchId()
  const children = parts.flatMap(({ requests }) => requests)
  const width = Math.max(0, ...parts.map((part) => part.width))
  invariant(isWithinWidth(children.length, width), 'a batch is cut to what etcd takes')
  const isFlat = 1 + children.length + width <= WIDTH_LIMIT
  const commits = isFlat ? children : grouped(children, GROUP)
  const lane = { request_put: { key: session.laneKey, value: Buffer.from(id) } }
  const isAt = { result: RESULT.equal, target: TARGET.mod } as const
  const request: TxnRequest = {
    compare: [
      { ...isAt, key: session.keyspace.generation, mod_revision: session.generation.modRevision },
      { ...isAt, key: session.laneKey, mod_revision: session.laneRevision },
    ],
    success: putsLane ? [lane, ...commits] : commits,
    failure: session.looks(),
  }
  return {
    id,
    putsLane,
    place: session.place,
    request,
    answers: ({ responses }) => {
      const flat = unnest(putsLane ? responses.slice(1) : responses, isFlat ? 0 : 1)
      let from = 0
      return parts.map(({ requests }) => flat.slice(from, (from += requests.length)))
    },
  }
}
