/**
 * The soak of the catalog: one node under load that is killed at random moments, again and
 * again; then one life of it under the same load, for as long as told.
 *
 * Held after each death: what was acknowledged is there, nothing is half done, counters are
 * exact, leases end neither early nor late, and watchers were told of every revision once and in
 * order, or to start over.
 *
 * @module
 */

import { setMaxListeners } from 'node:events'
import { seededRandom, systemClock, systemRandom, type Random } from '@rollcall/runtime'
import type { Options } from '../options.ts'
import { sampleAlong, type Sample } from '../sampling.ts'
import { Tally } from '../tally.ts'
import { slopeOf, type Point } from '../trend.ts'
import { judge } from '../verdict.ts'
import { Counters } from './counters.ts'
import { LeaseHolders } from './leases.ts'
import type { Part, Soaked } from './part.ts'
import { Puts } from './puts.ts'
import { Transactions } from './transactions.ts'
import { Victim } from './victim.ts'
import { Watchers } from './watchers.ts'

const SEEDS = 2 ** 31
const LIFE_MIN_MS = 100
const LIFE_MAX_MS = 3_000
/** Long enough for leases to end in it. */
const LONG_LIFE_MS = 8_000
const LONG_LIFE_EVERY = 10
const SHARE_KILLED_AT_START = 0.25
const START_MAX_MS = 1_500
const NOTE_EVERY = 10
const COLLECTED_AFTER_MS = 300
const MIB = 2 ** 20
/** From one life to the next the same keys are there, so nothing may grow. */
const GROWTH_MAX_MIB = 2
const PER_ROUNDS = 100
/** What a node remembers of requests for ten minutes has to be full before the half that counts. */
const JUDGED_FROM_MINUTES = 25
const never = new AbortController().signal

type Note = (line: string) => void

/** Runs it, and answers whether all is well. */
export async function soakCatalog(options: Options, note: Note): Promise<boolean> {
  const { rounds, minutes, seed = Math.floor(systemRandom() * SEEDS) } = options
  note(`seed ${seed}; ${rounds} deaths, then ${minutes} minutes`)
  await using victim = await Victim.create()
  const tally = new Tally()
  const soaked = {
    url: victim.url,
    random: seededRandom(seed),
    tally,
    acknowledged: new Set<number>(),
  }
  const watchers = new Watchers(soaked)
  const parts: readonly Part[] = [
    new Puts(soaked),
    new Transactions(soaked),
    new Counters(soaked),
    new LeaseHolders(soaked),
    // The last: those before send some of their writes again.
    watchers,
  ]
  await victim.start()
  const ending = new AbortController()
  setMaxListeners(0, ending.signal)
  const watched = watchers.watch(ending.signal)
  const memory: Point[] = []
  // Moments are of the seed alone, whatever the load has drawn meanwhile.
  const moments = seededRandom(seed + 1)
  for (let round = 1; round <= rounds; round += 1) {
    await die({ victim, parts, round }, moments)
    await checkAll(parts)
    memory.push({ x: round, y: await memoryOf(victim) })
    if (round % NOTE_EVERY === 0) note(`${round} deaths; surprises: ${tally.surprises.count}`)
  }
  const samples = await live({ victim, parts, minutes }, note)
  await checkAll(parts)
  ending.abort()
  await watched
  tellOfNode(victim, soaked)
  return conclude({ tally, memory, samples, minutes, note })
}

interface Round {
  readonly victim: Victim
  readonly parts: readonly Part[]
  readonly round: number
}

/** One life under load, its death, and the start of the next. */
async function die({ victim, parts, round }: Round, moments: Random): Promise<void> {
  const lifeMs =
    round % LONG_LIFE_EVERY === 0
      ? LONG_LIFE_MS
      : LIFE_MIN_MS + moments() * (LIFE_MAX_MS - LIFE_MIN_MS)
  const loaded = load(parts)
  await systemClock.sleep(lifeMs, never)
  await victim.kill()
  await loaded.stop()
  if (moments() < SHARE_KILLED_AT_START) await victim.startInVain(moments() * START_MAX_MS)
  const restart = await victim.start()
  for (const part of parts) part.restarted?.(restart)
}

function load(parts: readonly Part[]): { stop(): Promise<void> } {
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const loaded = Promise.all(parts.map((part) => part.load(stopping.signal)))
  return {
    async stop() {
      stopping.abort()
      await loaded
    },
  }
}

async function checkAll(parts: readonly Part[]): Promise<void> {
  for (const part of parts) await part.check()
}

/** What a node takes that has only just begun, in MiB. */
async function memoryOf({ node }: Victim): Promise<number> {
  node.collectGarbage()
  await systemClock.sleep(COLLECTED_AFTER_MS, never)
  const { heap, external } = await node.memory()
  return (heap + external) / MIB
}

interface Life {
  readonly victim: Victim
  readonly parts: readonly Part[]
  readonly minutes: number
}

/** A life without a death. */
async function live({ victim, parts, minutes }: Life, note: Note): Promise<readonly Sample[]> {
  note(`living for ${minutes} minutes`)
  const samples: Sample[] = []
  const loaded = load(parts)
  const stopping = new AbortController()
  const sampled = sampleAlong(victim.node, stopping.signal, (sample) => {
    samples.push(sample)
  })
  await systemClock.sleep(minutes * 60_000, never)
  await loaded.stop()
  stopping.abort()
  await sampled
  return samples
}

function tellOfNode({ node }: Victim, { tally }: Soaked): void {
  for (const line of node.child.said.split('\n')) {
    if (line.includes('"level":"error"')) tally.surprise(`the node said: ${line}`)
  }
}

interface Conclusion {
  readonly tally: Tally
  readonly memory: readonly Point[]
  readonly samples: readonly Sample[]
  readonly minutes: number
  readonly note: Note
}

function conclude({ tally, memory, samples, minutes, note }: Conclusion): boolean {
  for (const [what, count] of Object.entries(tally.counts)) note(`${what}: ${count}`)
  const { count, first } = tally.surprises
  for (const surprise of first) note(`surprise: ${surprise}`)
  note(`surprises: ${count}`)
  const half = memory.slice(Math.floor(memory.length / 2))
  const growth = slopeOf(half) * PER_ROUNDS
  const isFlat = growth <= GROWTH_MAX_MIB
  const last = memory.at(-1)?.y.toFixed(1) ?? 'unknown'
  note(
    `${isFlat ? 'flat ' : 'GROWS'}  memory after a start: ${last} MiB, ${growth.toFixed(2)} MiB more in ${PER_ROUNDS} deaths (at most ${GROWTH_MAX_MIB})`,
  )
  const { passed, lines } = judge(samples)
  for (const line of lines) note(line)
  const isLong = minutes >= JUDGED_FROM_MINUTES
  if (!isLong) note(`a life of under ${JUDGED_FROM_MINUTES} minutes says nothing of leaks`)
  return count === 0 && isFlat && (passed || !isLong)
}
