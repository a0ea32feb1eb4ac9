/**
 * What the drivers of watchers have in common: connect them all, wait for the word, publish,
 * wait for the last delivery, report.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { listen, report, told } from './conversation.ts'
import { Deliveries } from './deliveries.ts'
import { publish, type Publishing } from './publisher.ts'

/** What a driver of watchers is given. */
export interface Watching extends Publishing {
  readonly watchers: number
}

/** Connected at a time, so that the queue of those that wait to be accepted never overflows. */
const AT_ONCE = 200
const LAST_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 100
const never = new AbortController().signal

/**
 * Runs the whole. `open` connects one watcher and resolves once it waits for changes; it notes
 * what it receives, and tells when a connection was lost.
 */
export async function watchAll(
  watching: Watching,
  open: (watcher: number, sink: Deliveries) => Promise<void>,
): Promise<void> {
  listen()
  const sentAtMs = new Float64Array(watching.changes)
  const deliveries = new Deliveries(watching.watchers, sentAtMs)
  for (let first = 0; first < watching.watchers; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, watching.watchers - first)
    await Promise.all(Array.from({ length: count }, (_, at) => open(first + at, deliveries)))
  }
  report('connected', { watchers: watching.watchers })
  await told('publish')
  await publish(watching, sentAtMs)
  const deadlineMs = systemClock.monotonicMs() + LAST_WITHIN_MS
  while (!deliveries.isComplete && systemClock.monotonicMs() < deadlineMs) {
    await systemClock.sleep(LOOK_EVERY_MS, never)
  }
  // The connections stay until the run has looked at this process, and ends it.
  report('deliveries', deliveries.report())
}
