/**
 * The soak of a cluster: three nodes, one fault after the other, and clients that never stop.
 *
 * Held all the time: whoever is renewed at all nodes is shown by every node that answers. Held
 * after each fault: the nodes hold the same again, and what was confirmed last stands.
 *
 * @module
 */

import { setMaxListeners } from 'node:events'
import { seededRandom, systemClock } from '@rollcall/runtime'
import { Cluster } from '../../../tests/src/support/cluster.ts'
import { fill } from '../drivers/filling.ts'
import { Changing } from './cluster-changing.ts'
import { FAULTS, pickTwo } from './cluster-faults.ts'
import { Living } from './cluster-living.ts'
import type { Options } from './options.ts'
import { Tally } from './tally.ts'

const SEED = 1
const AGREE_WITHIN_MS = 120_000
const CALM_MS = 5_000
const never = new AbortController().signal

interface Soaked {
  readonly cluster: Cluster
  readonly changing: Changing
  readonly tally: Tally
  readonly note: (line: string) => void
}

/** Runs it, and answers whether all is well. */
export async function soakCluster(
  { minutes, instances }: Options,
  note: (line: string) => void,
): Promise<boolean> {
  await using cluster = await Cluster.start({ args: ['--log-level', 'warn'] })
  const random = seededRandom(SEED)
  const tally = new Tally()
  const living = new Living(instances, tally, random)
  const changing = new Changing(cluster.urls, tally, random)
  const [first = ''] = cluster.urls
  note(`registering ${instances} instances`)
  await fill({ url: first, workload: living.workload, count: instances })
  await cluster.agree({ withinMs: AGREE_WITHIN_MS })
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const renewed = cluster.urls.map((url) => living.renew(url, stopping.signal))
  const read = cluster.urls.map((url) => living.read(url, stopping.signal))
  const healedMs: number[] = []
  const endAtMs = systemClock.monotonicMs() + minutes * 60_000
  for (let round = 0; systemClock.monotonicMs() < endAtMs; round += 1) {
    const fault = FAULTS[round % FAULTS.length]
    const [victim, other] = pickTwo(cluster.names, random)
    if (!fault) break
    const which = `${fault.name}: ${victim}, ${other}`
    const onKilled = (url: string) => {
      changing.killed(url)
    }
    healedMs.push(
      await suffer({ cluster, changing, tally, note }, which, () =>
        fault.run({ cluster, victim, other, onKilled }),
      ),
    )
  }
  stopping.abort()
  await Promise.all([...renewed, ...read])
  return conclude({ tally, healedMs, note })
}

/** One fault under changes; answers how long the nodes took to agree afterwards. */
async function suffer(
  { cluster, changing, tally, note }: Soaked,
  which: string,
  run: () => Promise<void>,
): Promise<number> {
  const stopping = new AbortController()
  const changed = changing.change(stopping.signal)
  await run()
  const sinceMs = systemClock.monotonicMs()
  await systemClock.sleep(CALM_MS, never)
  stopping.abort()
  await changed
  try {
    await cluster.agree({ withinMs: AGREE_WITHIN_MS })
  } catch (error) {
    tally.surprise(`after "${which}": ${(error as Error).message}`)
  }
  const tookMs = systemClock.monotonicMs() - sinceMs
  await changing.check()
  for (const name of cluster.names) {
    for (const line of cluster.node(name).stderr) {
      if (line.includes('"level":"error"')) tally.surprise(`node ${name} said: ${line}`)
    }
  }
  note(`${which}: equal after ${Math.round(tookMs)} ms; surprises so far: ${tally.surprises.count}`)
  return tookMs
}

interface Conclusion {
  readonly tally: Tally
  readonly healedMs: readonly number[]
  readonly note: (line: string) => void
}

function conclude({ tally, healedMs, note }: Conclusion): boolean {
  for (const [what, count] of Object.entries(tally.counts)) note(`${what}: ${count}`)
  const { count, first } = tally.surprises
  for (const surprise of first) note(`surprise: ${surprise}`)
  const slowest = Math.round(Math.max(...healedMs))
  note(
    `faults: ${healedMs.length}; slowest to be equal again: ${slowest} ms (${CALM_MS} of them under changes)`,
  )
  note(`surprises: ${count}`)
  return count === 0
}
