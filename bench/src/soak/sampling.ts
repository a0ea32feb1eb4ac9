/**
 * What a node takes, every five seconds.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { sampleOf } from '../tools/metrics.ts'
import type { OurNode } from '../tools/our-node.ts'

/** The columns of the file of samples, in this order. */
export const SERIES = {
  heapUsedBytes: 'nodejs_heap_size_used_bytes',
  externalBytes: 'nodejs_external_memory_bytes',
  residentBytes: 'process_resident_memory_bytes',
  openFds: 'process_open_fds',
  activeHandles: 'nodejs_active_handles_total',
  records: 'rollcall_records',
  tombstones: 'rollcall_tombstones',
  instances: 'rollcall_instances',
  watchers: 'rollcall_watchers',
  longPolls: 'rollcall_long_polls',
  loopDelayP99S: 'rollcall_event_loop_delay_seconds',
} as const

export type Sample = { readonly [K in keyof typeof SERIES]: number } & {
  /** Seconds since sampling began. */
  readonly second: number
}

const EVERY_MS = 5_000
const COLLECTED_AFTER_MS = 300
/** Garbage is collected so often: every so many samples, right before one. */
const SAMPLES_PER_WINDOW = 6

/** How long a window is of which the least heap counts. */
export const WINDOW_S = (EVERY_MS * SAMPLES_PER_WINDOW) / 1_000

/** Samples until `signal` aborts, handing over each as it comes. */
export async function sampleAlong(
  node: OurNode,
  signal: AbortSignal,
  onSample: (sample: Sample) => void,
): Promise<void> {
  const sinceMs = systemClock.monotonicMs()
  for (let count = 0; !signal.aborted; count += 1) {
    // What was only not yet collected says nothing of leaks.
    if (count % SAMPLES_PER_WINDOW === 0) await collect(node, signal)
    onSample(await takeSample(node, (systemClock.monotonicMs() - sinceMs) / 1_000))
    const nextMs = sinceMs + (count + 1) * EVERY_MS
    await systemClock.sleep(nextMs - systemClock.monotonicMs(), signal)
  }
}

/** Collects garbage and gives that a moment: the memory of buffers is given back afterwards. */
async function collect(node: OurNode, signal: AbortSignal): Promise<void> {
  node.collectGarbage()
  await systemClock.sleep(COLLECTED_AFTER_MS, signal)
}

/** Takes one sample. */
export async function takeSample(node: OurNode, second: number): Promise<Sample> {
  const samples = await node.samples()
  const values = Object.entries(SERIES).map(([name, series]) => [name, sampleOf(samples, series)])
  return { second: Math.round(second), ...(Object.fromEntries(values) as Omit<Sample, 'second'>) }
}

/** All samples as a file for programs. */
export function csvOf(samples: readonly Sample[]): string {
  const names = ['second', ...Object.keys(SERIES)] as (keyof Sample)[]
  const lines = samples.map((sample) => names.map((name) => sample[name]).join(','))
  return `${[names.join(','), ...lines].join('\n')}\n`
}
