/**
 * A node that holds instances before it is measured.
 *
 * @module
 */

import { DRIVER_CORE } from '../suite/scenario.ts'
import { Driver } from '../tools/driver.ts'
import type { OurNode } from '../tools/our-node.ts'
import type { Workload } from './workload.ts'

const FILL_WITHIN_MS = 1_800_000

/** Registers the first `count` instances of a workload, and answers how many a second that were. */
export async function fillNode(
  { url }: OurNode,
  workload: Workload,
  count: number,
): Promise<number> {
  await using driver = new Driver('fill', DRIVER_CORE, { url, workload, count })
  const { seconds } = await driver.report<{ seconds: number }>('filled', FILL_WITHIN_MS)
  return count / seconds
}
