/**
 * How late the event loop runs what is due.
 *
 * @module
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'

const SAMPLE_EVERY_MS = 10
const NS_PER_SECOND = 1e9

export interface LoopDelay {
  /** Answers the 99th percentile since the last call, in seconds. */
  takeP99Seconds(): number
  /** Stops measuring. Doing so twice is the same as once. */
  close(): void
}

/** Starts to measure. Does not keep the process running. */
export function openLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: SAMPLE_EVERY_MS })
  histogram.enable()
  return {
    takeP99Seconds() {
      // Node measures from one sample to the next, so an idle loop has the interval itself.
      const lateNs = histogram.percentile(99) - SAMPLE_EVERY_MS * 1e6
      histogram.reset()
      return Math.max(0, lateNs) / NS_PER_SECOND
    },
    close() {
      histogram.disable()
    },
  }
}
