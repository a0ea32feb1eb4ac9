/**
 * As many resources as one step may take: added, and moved to another namespace.
 *
 * @module
 */

import type { Bulk, BulkReport } from '../drivers/resource-bulk.ts'
import { latenessDuring } from '../suite/loop-lateness.ts'
import { ourNode } from '../suite/measures.ts'
import {
  DRIVER_CORE,
  milliseconds,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { openWindow } from '../tools/cpu-profile.ts'
import { Driver } from '../tools/driver.ts'
import { lateRow } from './late-row.ts'
import { makeNamespaces } from './our-resources.ts'
import { BATCH_MAX, MOVE_MAX } from './workload.ts'

const DONE_WITHIN_MS = 300_000
const ROUNDS = { quick: 3, full: 20 }

export const bulk: Scenario = {
  name: 'bulk',
  about: `batches of ${BATCH_MAX} and moves of ${MOVE_MAX}, each one step`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using node = await ourNode(bench)
  await makeNamespaces(node, 2)
  const closeWindow = openWindow()
  const rounds = bench.quick ? ROUNDS.quick : ROUNDS.full
  const input: Bulk = { url: node.url, added: BATCH_MAX, moved: MOVE_MAX, rounds }
  const { result, lateMaxMs } = await latenessDuring(node, async () => {
    await using driver = new Driver('resource-bulk', DRIVER_CORE, input)
    return await driver.report<BulkReport>('done', DONE_WITHIN_MS)
  })
  const row = (measure: string, { p50Ms, maxMs }: BulkReport['added']): Row => ({
    scenario: 'bulk',
    measure,
    ours: milliseconds(p50Ms),
    target: 'none',
    details: { maxMs, rounds },
  })
  return [
    row(`batch that adds ${BATCH_MAX} resources, typically`, result.added),
    row(`move of ${MOVE_MAX} resources, typically`, result.moved),
    lateRow('bulk', `batches of ${BATCH_MAX} are added, moved and deleted`, {
      lateMaxMs,
      details: { rounds },
      profile: await node.stopAndProfile(closeWindow()),
    }),
  ]
}
