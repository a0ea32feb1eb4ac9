/**
 * Whether a soak has shown a leak.
 *
 * Only the second half counts: what a node fills up to a limit, it has filled by then.
 *
 * @module
 */

import { WINDOW_S, type Sample } from './sampling.ts'
import { meanOf, minimaOf, slopeOf, type Point } from './trend.ts'

const MIB = 2 ** 20
const TEN_MINUTES_S = 600
const HEAP_GROWTH_MAX_MIB = 1
/** What waits for slow watchers is in buffers, and comes and goes with them. */
const BUFFERS_GROWTH_MAX_MIB = 4
/** Watchers and polls come and go, so open files go up and down; their mean must not. */
const FDS_GROWTH_MAX = 10

export interface Verdict {
  readonly passed: boolean
  /** One for people to read each. */
  readonly lines: readonly string[]
}

/** Judges the samples of a soak. */
export function judge(samples: readonly Sample[]): Verdict {
  const checks = [
    memoryCheck(samples, {
      name: 'heap used after collection',
      key: 'heapUsedBytes',
      growthMaxMib: HEAP_GROWTH_MAX_MIB,
    }),
    memoryCheck(samples, {
      name: 'memory of buffers',
      key: 'externalBytes',
      growthMaxMib: BUFFERS_GROWTH_MAX_MIB,
    }),
    fdsCheck(samples),
  ]
  return {
    passed: checks.every(({ passed }) => passed),
    lines: checks.map(({ passed, text }) => `${passed ? 'flat ' : 'GROWS'}  ${text}`),
  }
}

interface Check {
  readonly passed: boolean
  readonly text: string
}

interface Kind {
  readonly name: string
  readonly key: 'heapUsedBytes' | 'externalBytes'
  readonly growthMaxMib: number
}

function memoryCheck(samples: readonly Sample[], { name, key, growthMaxMib }: Kind): Check {
  const minima = secondHalf(minimaOf(pointsOf(samples, key), WINDOW_S))
  const growth = (slopeOf(minima) * TEN_MINUTES_S) / MIB
  const mean = meanOf(minima.map(({ y }) => y)) / MIB
  const text = `${name}: ${mean.toFixed(1)} MiB, ${growth.toFixed(2)} MiB more in ten minutes (at most ${growthMaxMib})`
  return { passed: growth < growthMaxMib, text }
}

function fdsCheck(samples: readonly Sample[]): Check {
  const half = secondHalf(pointsOf(samples, 'openFds'))
  const quarter = Math.floor(half.length / 2)
  const before = meanOf(half.slice(0, quarter).map(({ y }) => y))
  const after = meanOf(half.slice(quarter).map(({ y }) => y))
  const text = `open files: ${before.toFixed(1)} in the third quarter, ${after.toFixed(1)} in the fourth (at most ${FDS_GROWTH_MAX} more)`
  return { passed: after - before <= FDS_GROWTH_MAX, text }
}

function pointsOf(samples: readonly Sample[], key: keyof Sample): readonly Point[] {
  return samples.map((sample) => ({ x: sample.second, y: sample[key] }))
}

function secondHalf(points: readonly Point[]): readonly Point[] {
  return points.slice(Math.floor(points.length / 2))
}
