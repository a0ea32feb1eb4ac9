/**
 * Driver: writers that go on through the death of whoever they write to, or of somebody behind
 * it: a put that fails is tried again at the next place. The same for our nodes and for etcd.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { keyOf, kvPath } from '../catalog/workload.ts'
import { Connections } from './connections.ts'
import { input, report } from './conversation.ts'
import { etcdPuts } from './etcd-puts.ts'
import type { Put } from './writers.ts'

export interface Outage {
  readonly who: 'ours' | 'etcd'
  /** The first is written to until it fails. */
  readonly urls: readonly string[]
  readonly writers: number
  readonly keys: number
  readonly valueBytes: number
  /** Before and after it says that it is under way. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

export interface OutageReport {
  readonly count: number
  /** The longest time in which nobody was confirmed anything. */
  readonly gapMs: number
  /** Puts that had to be tried again. */
  readonly failures: number
}

/** A member that is alive answers sooner, and one that hangs is left. */
const ANSWER_WITHIN_MS = 1_000
const AGAIN_AFTER_MS = 20
const never = new AbortController().signal

const { who, urls, writers, keys, valueBytes, warmUpSeconds, seconds } = input() as Outage
const value = Buffer.alloc(valueBytes, 'x')
const places = urls.map((url) =>
  who === 'ours' ? plainPuts(url) : etcdPuts(url, ANSWER_WITHIN_MS),
)
let next = 0

await writeFor(warmUpSeconds)
report('writing', {})
report('outage', await writeFor(seconds))
process.exit(0)

async function writeFor(duration: number): Promise<OutageReport> {
  const untilMs = systemClock.monotonicMs() + duration * 1_000
  let lastMs = systemClock.monotonicMs()
  let [count, gapMs, failures] = [0, 0, 0]
  const writer = async () => {
    for (let at = 0; systemClock.monotonicMs() < untilMs;) {
      const key = keyOf(next++ % keys)
      const isDone = await places[at % places.length]?.(key, value).then(
        () => true,
        () => false,
      )
      const nowMs = systemClock.monotonicMs()
      if (isDone === true) {
        gapMs = Math.max(gapMs, nowMs - lastMs)
        lastMs = nowMs
        count += 1
      } else {
        failures += 1
        at += 1
        await systemClock.sleep(AGAIN_AFTER_MS, never)
      }
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
  if (count === 0) throw new Error('Nothing was written.')
  return { count, gapMs: Math.max(gapMs, untilMs - lastMs), failures }
}

function plainPuts(url: string): Put {
  const connections = new Connections(url)
  return async (key, bytes) => {
    await connections.request('PUT', kvPath(key), bytes.toString('latin1'))
  }
}
