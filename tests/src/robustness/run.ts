/**
 * One run: traffic on a cluster, faults meanwhile, and what came of it.
 *
 * @module
 */

import { setMaxListeners } from 'node:events'
import { seededRandom, systemClock, type Random } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { CatalogClient } from '../support/catalog-client.ts'
import { Cluster } from './faults/cluster.ts'
import type { Fault, Plan } from './faults/fault.ts'
import { injectAll } from './faults/schedule.ts'
import { describePlan } from './report/lines.ts'
import { Halves } from './traffic/halves.ts'
import { Leases } from './traffic/leases.ts'
import { Lists } from './traffic/lists.ts'
import { Recorder } from './traffic/recorder.ts'
import { Registers } from './traffic/registers.ts'
import type { Traffic } from './traffic/traffic.ts'
import { ViewReads } from './traffic/view-reads.ts'
import { Watchers } from './traffic/watchers.ts'
import { judge, type Finding } from './validation/verdict.ts'

/** Elections, new connections, and what was under way for its ten seconds. */
const WELL_WITHIN_MS = 60_000
/** One for each client. */
const LISTENERS_MAX = 100
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
  const { urls } = cluster
  const clients = urls.map((url) => new CatalogClient(url))
  const recorder = new Recorder()
  const loaded = () => ({ clients, recorder, random: child() })
  // In the order in which they are closed: watchers hear of all that the others still do.
  const traffic: readonly Traffic[] = [
    new Registers(loaded()),
    new Lists(loaded()),
    new Halves(loaded()),
    new ViewReads(loaded()),
    new Leases(loaded()),
    new Watchers({ ...loaded(), urls }),
  ]
  const stopping = new AbortController()
  setMaxListeners(LISTENERS_MAX, stopping.signal)
  const loading = Promise.all(traffic.map((one) => one.run(stopping.signal)))
  const faults = await injectFor(lastsMs, { cluster, random: child(), note })
  await untilWell(clients)
  stopping.abort()
  await loading
  note('all is mended; a last look at everything')
  for (const one of traffic) await one.close()
  for (const client of clients) await client[Symbol.asyncDispose]()
  return { findings: judge(recorder, faults), faults, counts: recorder.counts }
}

interface Injecting {
  readonly cluster: Cluster
  readonly random: Random
  readonly note: (line: string) => void
}

async function injectFor(lastsMs: number, { cluster, random, note }: Injecting) {
  const sinceMs = systemClock.monotonicMs()
  const ending = new AbortController()
  const onFault = (plan: Plan) => {
    note(describePlan(plan, systemClock.monotonicMs() - sinceMs))
  }
  const injecting = injectAll(cluster, { random, signal: ending.signal, onFault })
  await systemClock.sleep(lastsMs, never)
  ending.abort()
  return await injecting
}

/** Waits until each node writes again. */
async function untilWell(clients: readonly CatalogClient[]): Promise<void> {
  for (const client of clients) {
    const isWell = async () => (await client.put('well', '')).kind === 'done' || undefined
    await until('a node writes again', isWell, { withinMs: WELL_WITHIN_MS })
  }
}
