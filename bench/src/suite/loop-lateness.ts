/**
 * How late the event loop of a node is at its worst, over a while.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { sampleOf } from '../tools/metrics.ts'
import type { OurNode } from '../tools/our-node.ts'

const SCRAPE_EVERY_MS = 1_000
/** The metric is what passes between two looks of the process at the time, this far apart if all is well. */
const LAG_RESOLUTION_MS = 10

/** The worst since it was asked the last time, or since the node began to look. */
export async function latenessMs(node: OurNode): Promise<number> {
  const samples = await node.samples()
  const lagMs = sampleOf(samples, 'nodejs_eventloop_lag_max_seconds') * 1_000
  return Math.max(0, lagMs - LAG_RESOLUTION_MS)
}

/** Looks again and again until the returned function is called, which answers the worst of all. */
export async function watchLateness(
  node: OurNode,
  everyMs: number = SCRAPE_EVERY_MS,
): Promise<() => Promise<number>> {
  await latenessMs(node)
  const stopping = new AbortController()
  const watched = (async () => {
    let worstMs = 0
    while (await systemClock.sleep(everyMs, stopping.signal)) {
      worstMs = Math.max(worstMs, await latenessMs(node))
    }
    return Math.max(worstMs, await latenessMs(node))
  })()
  return () => {
    stopping.abort()
    return watched
  }
}

/** The worst while something is done, and what came of that. */
export async function latenessDuring<T>(
  node: OurNode,
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly lateMaxMs: number }> {
  const stop = await watchLateness(node)
  try {
    const result = await act()
    return { result, lateMaxMs: await stop() }
  } finally {
    await stop()
  }
}
