/**
 * One run: traffic on a cluster, faults meanwhile, and what came of it.
 *
 * @module
 */

import { seededRandom, systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { CatalogClient } from '../support/catalog-client.ts'
import { Cluster } from './faults/cluster.ts'
import type { Fault } from './faults/fault.ts'
import { injectAll } from './faults/schedule.ts'
import { describePlan } from './report/lines.ts'
import { Lists } from './traffic/lists.ts'
import { Recorder } from './traffic/recorder.ts'
import { Registers } from './traffic/registers.ts'
import type { Traffic } from './traffic/traffic.ts'
import { judge, type Finding } from './validation/verdict.ts'

/** Elections, new connections, and what was under way for its ten seconds. */
const WELL_WITHIN_MS = 60_000
const never = new AbortController().signal

export interface RunOptions {
  readonly seed: number
  /** How long faults are injected. */
  readonly lastsMs: number
  readonly note: (line: string) => void
}

export interface RunReport {
  readonly findings: readonly Finding[]
  readonly faults: readonly Fault[]
  readonly counts: Readonly<Record<string, number>>
}

export async function run({ seed, lastsMs, note }: RunOptions): Promise<RunReport> {
  const random = seededRandom(seed)
  const child = () => seededRandom(Math.floor(random() * 2 ** 32))
  await using cluster = await Cluster.start()
  const clients = cluster.urls.map((url) => new CatalogClient(url))
  const recorder = new Recorder()
  const traffic: readonly Traffic[] = [
    new Registers({ clients, recorder, random: child() }),
    new Lists({ clients, recorder, random: child() }),
  ]
  const sinceMs = systemClock.monotonicMs()
  const stopping = new AbortController()
  const ending = new AbortController()
  const loading = Promise.all(traffic.map((one) => one.run(stopping.signal)))
  const injecting = injectAll(cluster, {
    random: child(),
    signal: ending.signal,
    onFault: (plan) => {
      note(describePlan(plan, systemClock.monotonicMs() - sinceMs))
    },
  })
  await systemClock.sleep(lastsMs, never)
  ending.abort()
  const faults = await injecting
  await untilWell(clients)
  stopping.abort()
  await loading
  note('all is mended, and looked at for the last time')
  for (const one of traffic) await one.close()
  for (const client of clients) await client[Symbol.asyncDispose]()
  return { findings: judge(recorder), faults, counts: recorder.counts }
}

/** Waits until each node writes again. */
async function untilWell(clients: readonly CatalogClient[]): Promise<void> {
  for (const client of clients) {
    const isWell = async () => (await client.put('well', '')).kind === 'done' || undefined
    await until('a node writes again', isWell, { withinMs: WELL_WITHIN_MS })
  }
}
