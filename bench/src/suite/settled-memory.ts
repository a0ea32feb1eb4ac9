/**
 * The memory of a node that is left alone: its garbage is collected, and then the least counts
 * of what it shows over a few seconds.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import type { Memory, OurNode } from '../tools/our-node.ts'

const LOOKS = 10
const EVERY_MS = 1_000
const never = new AbortController().signal

/** Takes ten seconds. */
export async function settledMemory(node: OurNode): Promise<Memory> {
  node.collectGarbage()
  let least = await node.memory()
  for (let look = 1; look < LOOKS; look += 1) {
    await systemClock.sleep(EVERY_MS, never)
    const now = await node.memory()
    least = {
      heap: Math.min(least.heap, now.heap),
      external: Math.min(least.external, now.external),
      resident: Math.min(least.resident, now.resident),
    }
  }
  return least
}
