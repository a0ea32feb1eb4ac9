/**
 * The soak of the instance plane: one node, everything that clients do, for as long as told.
 *
 * @module
 */

import { setMaxListeners } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom, systemClock } from '@rollcall/runtime'
import { Renewals } from '../drivers/renewing.ts'
import { CACHE, ROOT } from '../tools/paths.ts'
import { startOurNode, type OurNode } from '../tools/our-node.ts'
import { chartOf, type Panel } from './chart.ts'
import type { Options } from './options.ts'
import { Pool, STEADY_TTL_MS } from './pool.ts'
import { read } from './readers.ts'
import { csvOf, sampleAlong, takeSample, WINDOW_S, type Sample } from './sampling.ts'
import { Tally } from './tally.ts'
import { minimaOf } from './trend.ts'
import { judge } from './verdict.ts'
import { wait } from './waiters.ts'
import { warmUp } from './warm-up.ts'
import { write, type Churn } from './writers.ts'

const MIB = 2 ** 20
const CORE = 0
const SEED = 1
const BATCH = 500
/** Only a run of this length says something about leaks. */
const KEPT_FROM_MINUTES = 30
const RELEASED_WITHIN_MS = 60_000
/** Connections of the readers of metrics, which come and go. */
const FDS_NOISE = 5

/** Runs it, and answers whether all is well. */
export async function soakInstances(
  { minutes, instances }: Options,
  note: (line: string) => void,
): Promise<boolean> {
  await using node = await startOurNode({ core: CORE })
  const before = await takeSample(node, 0)
  const random = seededRandom(SEED)
  const pool = new Pool(instances, random)
  const churn: Churn = { url: node.url, pool, random, tally: new Tally() }
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const { workload } = pool
  const renewing = { url: node.url, workload, batch: BATCH, everyMs: STEADY_TTL_MS / 3 }
  const renewals = new Renewals(renewing)
  const renewed = renewals.run(stopping.signal)
  note(`warming up: ${instances} instances, and as many changes as a node remembers`)
  await warmUp(node.url, pool, () => {
    renewals.cover(pool.steady)
  })
  note(`churning for ${minutes} minutes`)
  renewals.report()
  const churned = Promise.all([
    write(churn, stopping.signal),
    read(churn, stopping.signal),
    wait(churn, stopping.signal),
  ])
  const samples: Sample[] = []
  const sampled = sampleAlong(node, stopping.signal, (sample) => {
    samples.push(sample)
    if (samples.length % 12 === 0) note(sampleText(sample))
  })
  const cancelEnd = systemClock.after(minutes * 60_000, () => {
    stopping.abort()
  })
  // Whatever fails first ends the run; its error is the one that is told.
  await Promise.all([renewed, churned, sampled])
  cancelEnd()
  const { refused } = renewals.report()
  const files = writeFiles(samples, { minutes, instances, isKept: minutes >= KEPT_FROM_MINUTES })
  const isReleased = await releases(node, before.openFds, note)
  return conclude({ samples, churn, refused, files, isReleased, said: node.child.said, note })
}

/** Once everybody has gone, so have their connections. */
async function releases(
  node: OurNode,
  fdsBefore: number,
  note: (line: string) => void,
): Promise<boolean> {
  const never = new AbortController().signal
  const deadlineMs = systemClock.monotonicMs() + RELEASED_WITHIN_MS
  let { openFds } = await takeSample(node, 0)
  while (openFds > fdsBefore + FDS_NOISE && systemClock.monotonicMs() < deadlineMs) {
    await systemClock.sleep(1_000, never)
    openFds = (await takeSample(node, 0)).openFds
  }
  note(`open files: ${fdsBefore} before anybody came, ${openFds} after all had gone`)
  return openFds <= fdsBefore + FDS_NOISE
}

interface Conclusion {
  readonly samples: readonly Sample[]
  readonly churn: Churn
  readonly refused: number
  readonly files: string
  readonly isReleased: boolean
  readonly said: string
  readonly note: (line: string) => void
}

function conclude(conclusion: Conclusion): boolean {
  const { samples, churn, refused, files, isReleased, note } = conclusion
  const { passed, lines } = judge(samples)
  for (const [what, count] of Object.entries(churn.tally.counts)) note(`${what}: ${count}`)
  const { count, first } = churn.tally.surprises
  for (const surprise of first) note(`surprise: ${surprise}`)
  const complaints = conclusion.said.split('\n').filter((line) => line.startsWith('{'))
  for (const complaint of complaints) note(`the node said: ${complaint}`)
  note(`surprises: ${count}; steady instances that a renewal did not find: ${refused}`)
  for (const line of lines) note(line)
  note(`figures: ${files}`)
  return passed && isReleased && count === 0 && refused === 0
}

interface FilesOptions {
  readonly minutes: number
  readonly instances: number
  readonly isKept: boolean
}

function writeFiles(samples: readonly Sample[], options: FilesOptions): string {
  const { minutes, instances, isKept } = options
  const folder = isKept ? join(ROOT, 'docs') : join(CACHE, 'soak')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'soak-instances')
  writeFileSync(`${file}.csv`, csvOf(samples))
  const title = `Soak of the instance plane: ${instances} instances, ${minutes} minutes of churn`
  writeFileSync(`${file}.svg`, chartOf(title, panelsOf(samples)))
  return `${file}.csv, ${file}.svg`
}

function panelsOf(samples: readonly Sample[]): readonly Panel[] {
  const points = (key: keyof Sample, unit = 1) =>
    samples.map((sample) => ({ x: sample.second, y: sample[key] / unit }))
  const heap = points('heapUsedBytes', MIB)
  const line = (name: string, colour: string, [key, unit]: readonly [keyof Sample, number?]) => ({
    name,
    colour,
    points: points(key, unit),
  })
  return [
    {
      title: 'Memory, MiB',
      lines: [
        line('resident', '#888', ['residentBytes', MIB]),
        { name: 'heap used', colour: '#9ecae1', points: heap },
        { name: 'least heap used', colour: '#08519c', points: minimaOf(heap, WINDOW_S) },
        line('buffers', '#d95f0e', ['externalBytes', MIB]),
      ],
    },
    {
      title: 'Records',
      lines: [
        line('records', '#08519c', ['records']),
        line('instances', '#31a354', ['instances']),
        line('tombstones', '#888', ['tombstones']),
      ],
    },
    {
      title: 'Open files',
      lines: [
        line('open files', '#08519c', ['openFds']),
        line('watchers', '#31a354', ['watchers']),
        line('long polls', '#d95f0e', ['longPolls']),
      ],
    },
    {
      title: 'Event-loop delay, 99th percentile of five seconds, ms',
      lines: [line('delay', '#08519c', ['loopDelayP99S', 0.001])],
    },
  ]
}

function sampleText(sample: Sample): string {
  const { second, heapUsedBytes, residentBytes, openFds, records, tombstones } = sample
  const mib = (bytes: number) => (bytes / MIB).toFixed(1)
  return `${second} s: heap ${mib(heapUsedBytes)} MiB, resident ${mib(residentBytes)} MiB, ${openFds} files, ${records} records, ${tombstones} tombstones`
}
