/**
 * Driver: adds as many resources as one batch may, moves them to another namespace as one step,
 * takes them out again, and so on.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { leafPath, resourcesPath, smallBatchOf } from '../resources/workload.ts'
import { quantile } from '../tools/quantile.ts'
import { Connection, mustSucceed } from './connection.ts'
import { input, report } from './conversation.ts'

export interface Bulk {
  readonly url: string
  /** In a batch. */
  readonly added: number
  /** In a move. */
  readonly moved: number
  readonly rounds: number
}

export interface BulkReport {
  readonly added: { readonly p50Ms: number; readonly maxMs: number }
  readonly moved: { readonly p50Ms: number; readonly maxMs: number }
}

const { url, added, moved, rounds } = input() as Bulk
const connection = new Connection(url)
const [from, to] = [leafPath(0), leafPath(1)]
const ids = Array.from({ length: added }, (_, at) => `small-${at}`)
const adding = smallBatchOf(added, from)
const moving = JSON.stringify({ from, to, ids: ids.slice(0, moved) })
const deleting = JSON.stringify({
  ops: ids.map((id, at) => ({ delete: { ns: at < moved ? to : from, id } })),
})

const addedMs: number[] = []
const movedMs: number[] = []
for (let round = 0; round < rounds; round += 1) {
  addedMs.push(await timed('/batch', adding))
  movedMs.push(await timed('/move', moving))
  await timed('/batch', deleting)
}
report('done', { added: told(addedMs), moved: told(movedMs) } satisfies BulkReport)
process.exit(0)

async function timed(suffix: string, body: string): Promise<number> {
  const sinceMs = systemClock.monotonicMs()
  await mustSucceed(connection, 'POST', resourcesPath(suffix), body)
  return systemClock.monotonicMs() - sinceMs
}

function told(tookMs: readonly number[]): { p50Ms: number; maxMs: number } {
  const sorted = Float64Array.from(tookMs).sort()
  return { p50Ms: quantile(sorted, 0.5), maxMs: quantile(sorted, 1) }
}
